using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

/// <summary>What error feedback has left over goes where the slices go: at each checkpoint it is as much as six slices a step have left.</summary>
public sealed class ResidualTests
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
        KeepsResiduals = true,
    };

    private static float Kept(WriteCheckpoint checkpoint) => checkpoint.Residuals.Sum(r => r.Values.Span[0]);

    private static void RequireAll(ToyCluster cluster, int seed)
    {
        Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
        Assert.NotEmpty(cluster.Checkpoints);
        Assert.All(cluster.Checkpoints, c => Assert.True(Kept(c) == 6 * c.Version, $"seed {seed}: {Kept(c)} at version {c.Version}"));
        Assert.Empty(cluster.LostResiduals);
    }

    [Fact]
    public void Workers_and_servers_that_join_and_leave_at_any_moment_lose_none()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 1 + seed % 4, 2, seed);
            var random = new Random(seed);
            for (int at = random.Next(50); at < 1500; at += random.Next(20, 200))
            {
                Role role = random.Next(4) == 0 ? Role.Server : Role.Worker;
                bool leaves = random.Next(2) == 0;
                cluster.At(at, () =>
                {
                    if (leaves && cluster.Count(role) > 1) cluster.Leave(cluster.AnyMember(role));
                    else cluster.Join(role);
                });
            }
            cluster.Run();
            RequireAll(cluster, seed);
        }
    }

    [Fact]
    public void A_killed_server_brings_back_those_of_the_checkpoint()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 2, 3, seed);
            cluster.At(seed * 7 % 900, () => cluster.Kill(cluster.AnyMember(Role.Server)));
            cluster.At(seed * 11 % 900, () => cluster.Join(Role.Worker));
            cluster.Run();
            RequireAll(cluster, seed);
        }
    }

    [Fact]
    public void A_killed_worker_takes_its_own_with_it_and_the_run_says_so()
    {
        int told = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 3, 2, seed);
            cluster.At(seed * 7 % 900, () => cluster.Kill(cluster.AnyMember(Role.Worker)));
            cluster.Run();
            Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
            Assert.InRange(cluster.LostResiduals.Count, 0, 1);
            foreach (WriteCheckpoint c in cluster.Checkpoints)
                Assert.True(Kept(c) == 6 * c.Version || (Kept(c) < 6 * c.Version && cluster.LostResiduals.Count == 1), $"seed {seed}: {Kept(c)} at version {c.Version}");
            told += cluster.LostResiduals.Count;
        }
        Assert.True(told > Seeds / 2);
    }

    [Fact]
    public void Members_may_be_killed_while_residuals_are_under_way_and_nobody_waits_for_ever()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(s_plan, 3, 2, seed);
            var random = new Random(seed);
            for (int at = random.Next(50); at < 2000; at += random.Next(5, 150))
            {
                Role role = random.Next(3) == 0 ? Role.Server : Role.Worker;
                int kind = random.Next(4);
                cluster.At(at, () =>
                {
                    if (kind == 0 && cluster.Count(role) > 1) cluster.Leave(cluster.AnyMember(role));
                    else if (kind == 1 && cluster.Count(role) > 1) cluster.Kill(cluster.AnyMember(role));
                    else cluster.Join(role);
                });
            }
            cluster.Run();
            Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
            Assert.All(cluster.Checkpoints, c => Assert.True(Kept(c) <= 6 * c.Version, $"seed {seed}: {Kept(c)} at version {c.Version}"));
        }
    }

    [Fact]
    public void A_skipped_step_leaves_none_whoever_comes_and_goes()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            var cluster = new ToyCluster(s_plan with { MaxSkips = 2 }, 2, 2, seed) { NonFinite = (3, 5) };
            cluster.At(seed * 13 % 500, () => cluster.Join(Role.Worker));
            cluster.At(seed * 17 % 500, () => cluster.Leave(cluster.AnyMember(Role.Worker)));
            cluster.Run();
            Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
            Assert.All(cluster.Checkpoints, c => Assert.Equal(6 * (c.Version - Math.Clamp(c.Version - 3, 0, 2)), Kept(c)));
        }
    }
}
