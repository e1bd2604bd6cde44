using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

public sealed class ElasticityTests
{
    private const int Seeds = 200;

    private static readonly TrainingPlan s_plan = new()
    {
        Slices = 6,
        UpdatedCount = ToyCluster.Layout.UpdatedCount,
        StepsPerEpoch = 4,
        Epochs = 3,
        Metrics = new MetricSet(TargetKind.Classes, 2),
        StartProgress = TrainingProgress.Start(3),
        EvaluationSamples = new Dictionary<DataPart, int> { [DataPart.Validation] = 1000, [DataPart.Test] = 300 },
        FinalParts = [DataPart.Test],
        CheckpointEverySteps = 5,
    };

    private static readonly Lazy<ToyCluster> s_reference = new(() =>
    {
        var cluster = new ToyCluster(s_plan, 1, 1, 0);
        cluster.Run();
        return cluster;
    });

    private static void RequireReference(ToyCluster cluster, int seed)
    {
        Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
        Assert.True(s_reference.Value.Parameters.AsSpan().SequenceEqual(cluster.Parameters), $"seed {seed}: other bits");
        Assert.Equal(s_reference.Value.Outcome!.TrainSums, cluster.Outcome!.TrainSums);
        Assert.Equal(s_reference.Value.Outcome.FinalSums[DataPart.Test], cluster.Outcome.FinalSums[DataPart.Test]);
        // Every step once, and in each step every slice once.
        Assert.Equal(Enumerable.Range(0, 12).Select(s => (long)s), cluster.Ledger.Select(step => step.Step));
        foreach (ReportStep step in cluster.Ledger)
            Assert.Equal(Enumerable.Range(0, 6), step.Contributions.ToArray().SelectMany(c => Enumerable.Range(c.Subtree.First, c.Subtree.Count)));
    }

    [Theory]
    [InlineData(Role.Worker)]
    [InlineData(Role.Server)]
    public void A_member_that_joins_at_any_moment_changes_no_bit(Role role)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 1 + seed % 3, 1 + seed % 2, seed);
            cluster.At(seed * 7 % 900, () => cluster.Join(role));
            cluster.Run();
            RequireReference(cluster, seed);
        }
    }

    [Theory]
    [InlineData(Role.Worker)]
    [InlineData(Role.Server)]
    public void A_member_that_leaves_at_any_moment_hands_over_what_it_has(Role role)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 3, 3, seed);
            cluster.At(seed * 7 % 900, () => cluster.Leave(cluster.AnyMember(role)));
            cluster.Run();
            RequireReference(cluster, seed);
            Assert.Empty(cluster.GoneBack);
        }
    }

    [Fact]
    public void A_killed_worker_costs_no_committed_step()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 3, 2, seed);
            cluster.At(seed * 7 % 900, () => cluster.Kill(cluster.AnyMember(Role.Worker)));
            cluster.Run();
            RequireReference(cluster, seed);
            Assert.Equal(0, cluster.Outcome!.LostSteps);
        }
    }

    [Fact]
    public void A_killed_server_costs_the_way_back_to_the_last_checkpoint()
    {
        long lost = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 2, 3, seed);
            cluster.At(seed * 7 % 900, () => cluster.Kill(cluster.AnyMember(Role.Server)));
            cluster.Run();
            RequireReference(cluster, seed);
            Assert.InRange(cluster.Outcome!.LostSteps, 0, 5);
            lost += cluster.Outcome.LostSteps;
        }
        Assert.True(lost > 0);
    }

    [Fact]
    public void Members_come_and_go_all_the_time_and_the_bits_stay() => ComeAndGo(s_plan);

    [Fact]
    public void Also_where_nobody_stops_at_the_ends_of_epochs() => ComeAndGo(s_plan with { EvaluationSamples = new Dictionary<DataPart, int> { [DataPart.Test] = 300 } });

    private static void ComeAndGo(TrainingPlan plan)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(plan, 2, 2, seed);
            var random = new Random(seed);
            for (int at = random.Next(50); at < 2000; at += random.Next(20, 200))
            {
                Role role = random.Next(2) == 0 ? Role.Worker : Role.Server;
                int kind = random.Next(4);
                cluster.At(at, () =>
                {
                    if (kind == 0 && cluster.Count(role) > 1) cluster.Leave(cluster.AnyMember(role));
                    else if (kind == 1 && cluster.Count(role) > 1) cluster.Kill(cluster.AnyMember(role));
                    else cluster.Join(role);
                });
            }
            cluster.Run();
            RequireReference(cluster, seed);
            // In order; what was made again after a way back was told again.
            int[] epochs = [.. cluster.Epochs.Select(e => e.Epoch)];
            Assert.Equal([1, 2, 3], epochs.Distinct());
            Assert.InRange(Enumerable.Range(1, epochs.Length - 1).Count(i => epochs[i] != epochs[i - 1] + 1), 0, cluster.GoneBack.Count);
            Assert.All(cluster.Epochs, e => Assert.Equal(24, e.TrainSums[0]));
        }
    }

    [Fact]
    public void A_run_whose_last_worker_is_gone_waits_for_another_one()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 1, 2, seed);
            int at = seed * 7 % 300;
            cluster.At(at, () => cluster.Kill(cluster.AnyMember(Role.Worker)));
            cluster.At(at + 1, () => cluster.Join(Role.Worker));
            cluster.Run();
            RequireReference(cluster, seed);
        }
    }
}
