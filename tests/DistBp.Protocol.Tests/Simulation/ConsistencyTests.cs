using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

public sealed class ConsistencyTests
{
    private const int Seeds = 60;

    private static TrainingPlan Plan(ConsistencyMode mode) => new()
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
        Consistency = mode,
    };

    private static ToyCluster Run(ConsistencyMode mode, int workers, int servers, int seed, int slow = -1)
    {
        var cluster = new ToyCluster(Plan(mode), workers, servers, seed) { SlowWorker = slow };
        cluster.Run();
        RequireEnd(cluster, seed);
        return cluster;
    }

    private static void RequireEnd(ToyCluster cluster, int seed)
    {
        Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
        Assert.Equal(Enumerable.Range(0, 16).Select(s => (long)s), cluster.Ledger.Select(step => step.Step));
    }

    private static int[] SlicesOf(ReportStep step) =>
        [.. step.Contributions.ToArray().SelectMany(c => Enumerable.Range(c.Subtree.First, c.Subtree.Count))];

    private static void RequireEverySlice(ToyCluster cluster) =>
        Assert.All(cluster.Ledger, step => Assert.Equal(Enumerable.Range(0, 6), SlicesOf(step)));

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_step_waits_for_all_but_the_backup_workers_and_applies_whole_workers(int backups)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            ToyCluster cluster = Run(new BspMode(backups), 3, 1 + seed % 3, seed, slow: 1);
            foreach (ReportStep step in cluster.Ledger)
            {
                Assert.InRange(step.Contributions.Length, 3 - backups, 3);
                Assert.Equal(step.Contributions.Length, step.Contributions.ToArray().DistinctBy(c => c.Worker).Count());
                // The sums are those of what was applied: the toy's loss is 1 a slice.
                Assert.Equal(SlicesOf(step).Length, step.Sums.Span[0]);
            }
            Assert.Contains(cluster.Ledger, step => SlicesOf(step).Length < 6);
        }
    }

    [Fact]
    public void A_slow_worker_s_gradients_are_those_that_are_left_out()
    {
        int ofSlow = 0, ofOthers = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            foreach (ReportStep step in Run(new BspMode(1), 3, 2, seed, slow: 2).Ledger)
            {
                if (step.Contributions.Length == 3) continue;
                if (step.Contributions.ToArray().Any(c => c.Worker == 2)) ofOthers++;
                else ofSlow++;
            }
        }
        Assert.True(ofSlow > 4 * ofOthers, $"{ofSlow} of the slow worker, {ofOthers} of others");
    }

    [Fact]
    public void With_more_backup_workers_than_workers_one_is_waited_for()
    {
        for (int seed = 1; seed <= Seeds; seed++) Run(new BspMode(7), 1 + seed % 4, 2, seed);
    }

    [Fact]
    public void Members_may_come_go_and_be_killed_while_slow_workers_are_left_out()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(new BspMode(1)), 3, 2, seed) { SlowWorker = 1 };
            cluster.At(100 + seed, () => cluster.Join(Role.Worker));
            cluster.At(200 + 3 * seed, () => cluster.Kill(cluster.AnyMember(Role.Worker)));
            cluster.At(300 + 3 * seed, () => cluster.Join(Role.Server));
            cluster.At(400 + 3 * seed, () => cluster.Leave(cluster.AnyMember(Role.Server)));
            cluster.Run();
            RequireEnd(cluster, seed);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(3)]
    public void No_worker_reads_parameters_that_lack_more_mini_batches_than_ssp_allows(int staleness)
    {
        long most = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            ToyCluster cluster = Run(new SspMode(staleness), 2 + seed % 3, 1 + seed % 3, seed, slow: 1);
            RequireEverySlice(cluster);
            foreach ((_, long step, long version, long computed) in cluster.Reads)
            {
                Assert.InRange(step - version, 0, staleness);
                Assert.True(computed >= step - staleness, $"seed {seed}: step {step} began when a worker had computed {computed}");
            }
            long told = cluster.Ledger.Max(s => s.Contributions.ToArray().Max(c => c.Staleness));
            Assert.Equal(cluster.Reads.Max(r => r.Step - r.Version), told);
            most = Math.Max(most, told);
        }
        // The bound is reached, so it is the bound that keeps it there.
        Assert.Equal(staleness, most);
    }

    [Fact]
    public void Async_has_no_bound_but_the_stop_points_and_applies_every_slice_once_an_epoch()
    {
        long most = 0;
        for (int seed = 1; seed <= Seeds; seed++)
        {
            ToyCluster cluster = Run(new AsyncMode(), 3, 1 + seed % 3, seed, slow: 0);
            RequireEverySlice(cluster);
            most = Math.Max(most, cluster.Ledger.Max(s => s.Contributions.ToArray().Max(c => c.Staleness)));
        }
        // Stop points are five steps apart at most.
        Assert.Equal(4, most);
    }

    [Fact]
    public void Servers_apply_gradients_in_one_order_so_a_worker_reads_one_version_from_all_of_them()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            ToyCluster cluster = Run(new AsyncMode(), 3, 3, seed);
            Assert.All(cluster.Reads.GroupBy(r => (r.Worker, r.Step)), reads => Assert.Single(reads.Select(r => r.Version).Distinct()));
        }
    }

    [Fact]
    public void A_gradient_that_arrives_twice_is_applied_once_at_any_pace()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(new SspMode(2)), 3, 2, seed) { DuplicatePushes = true };
            cluster.Run();
            RequireEnd(cluster, seed);
            RequireEverySlice(cluster);
        }
    }

    [Fact]
    public void A_run_at_any_pace_halts_where_all_workers_stand_still()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(new AsyncMode()), 3, 1 + seed % 3, seed) { SlowWorker = 1, StopAfterStep = 5 };
            cluster.Run();
            Assert.True(cluster.Outcome?.Status == RunStatus.Interrupted, $"seed {seed}: {cluster.Describe()}");
            Assert.InRange(cluster.Outcome!.Version, 6, 10);
            Assert.Equal(cluster.Outcome.Version, cluster.Ledger.Count);
            RequireEverySlice(cluster);
        }
    }

    [Theory]
    [InlineData(Role.Worker)]
    [InlineData(Role.Server)]
    public void Who_joins_or_leaves_at_any_pace_costs_no_step(Role role)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(new SspMode(2)), 3, 2, seed);
            cluster.At(seed * 7 % 600, () => cluster.Join(role));
            cluster.At(300 + seed * 11 % 600, () => cluster.Leave(cluster.AnyMember(role)));
            cluster.Run();
            RequireEnd(cluster, seed);
            RequireEverySlice(cluster);
            Assert.Empty(cluster.GoneBack);
        }
    }

    [Theory]
    [InlineData(Role.Worker)]
    [InlineData(Role.Server)]
    public void Who_is_killed_at_any_pace_costs_the_way_back_to_the_last_checkpoint_and_no_slice(Role role)
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(new AsyncMode()), 3, 2, seed);
            cluster.At(seed * 7 % 900, () => cluster.Kill(cluster.AnyMember(role)));
            cluster.Run();
            RequireEnd(cluster, seed);
            RequireEverySlice(cluster);
            Assert.InRange(cluster.Outcome!.LostSteps, 0, 5);
        }
    }

    [Fact]
    public void A_gradient_that_is_not_finite_ends_a_run_at_any_pace_on_every_server()
    {
        for (int seed = 1; seed <= Seeds; seed++)
        {
            var cluster = new ToyCluster(Plan(new AsyncMode()), 3, 3, seed) { NonFinite = (6, long.MaxValue) };
            cluster.Run();
            Assert.Equal(6, cluster.Failure?.Step);
            Assert.All(cluster.Parameters, p => Assert.True(float.IsFinite(p)));
        }
    }
}
