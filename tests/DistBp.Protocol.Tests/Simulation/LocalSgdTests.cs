using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

public sealed class LocalSgdTests
{
    private const int Seeds = 15;

    /// <summary>16 steps with stop points at 5, 8, 10 and 15: the rounds of four steps are cut there.</summary>
    private static readonly long[] s_rounds = [0, 4, 5, 8, 10, 14, 15];

    private static TrainingPlan Plan(int steps = 4) => new()
    {
        Slices = 6,
        UpdatedCount = ToyCluster.Layout.UpdatedCount,
        StepsPerEpoch = 8,
        Epochs = 2,
        Metrics = new MetricSet(TargetKind.Classes, 2),
        StartProgress = TrainingProgress.Start(3),
        EvaluationSamples = new Dictionary<DataPart, int> { [DataPart.Validation] = 1000, [DataPart.Test] = 300 },
        FinalParts = [DataPart.Test],
        CheckpointEverySteps = 5,
        Consistency = new LocalSgdMode(steps),
    };

    private static void RequireEnd(ToyCluster cluster, int seed)
    {
        Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
        Assert.Equal(Enumerable.Range(0, 16).Select(s => (long)s), cluster.Ledger.Select(step => step.Step));
        foreach (ReportStep step in cluster.Ledger)
        {
            Assert.Equal(Enumerable.Range(0, 6), step.Contributions.ToArray().SelectMany(c => Enumerable.Range(c.Subtree.First, c.Subtree.Count)));
            // The toy's loss is 1 a slice.
            Assert.Equal(6, step.Sums.Span[0]);
        }
    }

    [Theory]
    [InlineData(1, 5)]
    [InlineData(3, 7)]
    public void Workers_compute_once_a_round_and_the_bits_depend_on_their_number_alone(int workers, int computed)
    {
        float[]? bits = null;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(workers == 1 ? 5 : 4), workers, 1 + seed % 4, seed) { DuplicatePushes = seed % 2 == 0 };
            cluster.Run();
            RequireEnd(cluster, seed);
            Assert.Equal(workers * computed, cluster.Computed.Count);
            Assert.Equal(bits ??= cluster.Parameters, cluster.Parameters);
        }
    }

    [Fact]
    public void Rounds_of_one_step_lack_nothing()
    {
        var local = new ToyCluster(Plan(steps: 1), 3, 2, seed: 1);
        local.Run();
        Assert.Equal(48, local.Computed.Count);
        Assert.All(local.Ledger, step => Assert.All(step.Contributions.ToArray(), c => Assert.Equal(0, c.Staleness)));
    }

    [Fact]
    public void Staleness_is_what_the_others_did_since_the_round_began_and_nothing_for_one_who_works_alone()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            int workers = 1 + seed % 3;
            var cluster = new ToyCluster(Plan(), workers, 2, seed);
            cluster.Run();
            RequireEnd(cluster, seed);
            foreach (ReportStep step in cluster.Ledger)
            {
                long lacks = workers == 1 ? 0 : step.Step - s_rounds.Last(r => r <= step.Step);
                Assert.All(step.Contributions.ToArray(), c => Assert.Equal(lacks, c.Staleness));
            }
        }
    }

    [Fact]
    public void A_run_halts_at_the_end_of_a_round()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(), 3, 1 + seed % 3, seed) { StopAfterStep = 5 };
            cluster.Run();
            Assert.True(cluster.Outcome?.Status == RunStatus.Interrupted, $"seed {seed}: {cluster.Describe()}");
            Assert.Contains(cluster.Outcome!.Version, s_rounds.Skip(3));
            Assert.Equal(cluster.Outcome.Version, cluster.Ledger.Count);
        }
    }

    [Fact]
    public void Workers_may_come_go_and_be_killed_and_servers_come_and_go_and_no_step_is_lost()
    {
        for (int seed = 1; seed <= 3 * Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(), 3, 2, seed);
            cluster.At(seed * 3 % 300, () => cluster.Join(Role.Worker));
            cluster.At(50 + seed * 5 % 300, () => cluster.Kill(cluster.AnyMember(Role.Worker)));
            cluster.At(100 + seed * 7 % 300, () => cluster.Join(Role.Server));
            cluster.At(150 + seed * 11 % 300, () => cluster.Leave(cluster.AnyMember(Role.Server)));
            cluster.At(200 + seed * 13 % 300, () => cluster.Leave(cluster.AnyMember(Role.Worker)));
            cluster.Run();
            RequireEnd(cluster, seed);
            Assert.Empty(cluster.GoneBack);
        }
    }

    [Fact]
    public void A_lost_server_costs_the_way_back_to_the_last_checkpoint()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(), 3, 3, seed);
            cluster.At(seed * 7 % 400, () => cluster.Kill(cluster.AnyMember(Role.Server)));
            cluster.Run();
            RequireEnd(cluster, seed);
            Assert.InRange(cluster.Outcome!.LostSteps, 0, 5);
        }
    }

    [Fact]
    public void What_is_not_finite_in_any_step_of_a_round_rejects_the_round_on_every_server()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            ToyCluster[] clusters =
            [
                new ToyCluster(Plan(), 3, 3, seed) { NonFinite = (6, 7) },
                new ToyCluster(Plan(), 3, 3, seed) { InfiniteLossAt = 7 },
            ];
            foreach (ToyCluster cluster in clusters)
            {
                cluster.Run();
                Assert.Equal(5, cluster.Failure?.Step);
                Assert.All(cluster.Parameters, p => Assert.True(float.IsFinite(p)));
            }
        }
    }

    [Fact]
    public void A_round_that_is_skipped_is_told_step_by_step()
    {
        var cluster = new ToyCluster(Plan() with { MaxSkips = 3 }, 3, 2, seed: 4) { NonFinite = (6, 7) };
        cluster.Run();
        Assert.Equal(RunStatus.Completed, cluster.Outcome?.Status);
        Assert.Equal([5L, 6, 7], cluster.Skips.Select(s => s.Step));
        Assert.Equal(13, cluster.Ledger.Count);
    }
}
