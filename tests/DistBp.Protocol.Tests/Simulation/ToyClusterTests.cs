using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Learning.Schedules;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

public sealed class ToyClusterTests
{
    private static TrainingPlan Plan(int slices = 6, int epochs = 3) => new()
    {
        Slices = slices,
        UpdatedCount = ToyCluster.Layout.UpdatedCount,
        StepsPerEpoch = 4,
        Epochs = epochs,
        Metrics = new MetricSet(TargetKind.Classes, 2),
        StartProgress = TrainingProgress.Start(3),
        EvaluationSamples = new Dictionary<DataPart, int> { [DataPart.Validation] = 1000, [DataPart.Test] = 300 },
        FinalParts = [DataPart.Test],
        CheckpointEverySteps = 5,
    };

    /// <summary>With nothing to do at an epoch's end: there is a checkpoint a step or two later.</summary>
    private static TrainingPlan PlanWithoutStops() => Plan() with { EvaluationSamples = new Dictionary<DataPart, int> { [DataPart.Test] = 300 } };

    private static ToyCluster Run(TrainingPlan plan, int workers, int servers, int seed)
    {
        var cluster = new ToyCluster(plan, workers, servers, seed);
        cluster.Run();
        return cluster;
    }

    [Fact]
    public void The_final_bits_do_not_depend_on_workers_servers_or_the_order_of_messages()
    {
        float[] reference = Run(Plan(), 1, 1, 0).Parameters;
        for (int workers = 1; workers <= 7; workers++)
        for (int servers = 1; servers <= 4; servers++)
        for (int seed = 1; seed <= 5; seed++)
        {
            ToyCluster cluster = Run(Plan(), workers, servers, seed);
            Assert.NotNull(cluster.Outcome);
            Assert.True(reference.AsSpan().SequenceEqual(cluster.Parameters), $"{workers} workers, {servers} servers, seed {seed}");
        }
    }

    [Fact]
    public void A_push_that_arrives_twice_is_counted_once()
    {
        float[] reference = Run(Plan(), 1, 1, 0).Parameters;
        for (int seed = 1; seed <= 20; seed++)
        {
            var cluster = new ToyCluster(Plan(), 5, 3, seed) { DuplicatePushes = true };
            cluster.Run();
            Assert.Equal(RunStatus.Completed, cluster.Outcome?.Status);
            Assert.Equal(reference, cluster.Parameters);
        }
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(5, 3)]
    [InlineData(7, 2)]
    public void A_committed_step_names_who_computed_each_slice_also_when_pushes_arrive_twice(int workers, int servers)
    {
        var cluster = new ToyCluster(Plan(), workers, servers, seed: 3) { DuplicatePushes = true };
        cluster.Run();
        var assignment = Assignment.OfCounts(new Generation(1, 1), workers, servers, 6, ToyCluster.Layout.UpdatedCount);
        Contribution[] expected = [.. Enumerable.Range(0, workers).SelectMany(w => assignment.Subtrees(w).Select(s => new Contribution(s, w)))];
        Assert.Equal(12, cluster.Steps.Count);
        Assert.All(cluster.Steps, step => Assert.Equal(expected, step.Contributions.ToArray()));
        Assert.All(cluster.Steps, step => Assert.Equal(assignment.Generation, step.Generation));
        // While nothing changes, nothing is allocated for it.
        Assert.All(cluster.Steps, step => Assert.True(step.Contributions.Equals(cluster.Steps[0].Contributions)));
    }

    [Fact]
    public void A_non_finite_gradient_is_applied_on_no_server()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var cluster = new ToyCluster(Plan(), 3, 3, seed) { NonFinite = (6, long.MaxValue) };
            cluster.Run();
            Assert.Null(cluster.Outcome);
            Assert.Equal(6, cluster.Failure?.Step);
            Assert.Equal(2, cluster.Failure?.Segment);
            NonFiniteSlice blamed = Assert.Single(cluster.Failure!.Slices);
            Assert.Equal((1, 7), (blamed.Slice, Assert.Single(blamed.Samples)));
            Assert.Equal(6, cluster.Steps.Count);
            Assert.All(cluster.Parameters, p => Assert.True(float.IsFinite(p)));
        }
    }

    [Fact]
    public void A_loss_that_is_not_finite_is_applied_on_no_server_although_the_gradient_is()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var cluster = new ToyCluster(Plan(), 3, 3, seed) { InfiniteLossAt = 5 };
            cluster.Run();
            Assert.Equal((5, -1), (cluster.Failure?.Step, cluster.Failure?.Segment));
            Assert.Equal(5, cluster.Steps.Count);
        }
    }

    [Fact]
    public void Skipped_steps_leave_the_same_bits_over_any_cluster_and_count_in_no_epoch()
    {
        TrainingPlan plan = Plan() with { MaxSkips = 2 };
        ToyCluster Skipping(int workers, int servers, int seed)
        {
            var cluster = new ToyCluster(plan, workers, servers, seed) { NonFinite = (5, 7) };
            cluster.Run();
            return cluster;
        }

        ToyCluster reference = Skipping(1, 1, 0);
        Assert.NotEqual(Run(Plan(), 1, 1, 0).Parameters, reference.Parameters);
        for (int seed = 1; seed <= 30; seed++)
        {
            ToyCluster cluster = Skipping(1 + seed % 5, 1 + seed % 4, seed);
            Assert.Equal(RunStatus.Completed, cluster.Outcome?.Status);
            Assert.Equal((12, 2), (cluster.Outcome!.Version, cluster.Outcome.SkippedSteps));
            Assert.Equal([(5L, 1L), (6L, 2L)], cluster.Skips.Select(s => (s.Step, s.Skipped)));
            // Of the four steps of the second epoch two are left, of six slices each.
            Assert.Equal([24, 12, 24], cluster.Epochs.Select(e => e.TrainSums[0]));
            Assert.Equal(reference.Parameters, cluster.Parameters);
        }
    }

    [Fact]
    public void Too_many_skipped_steps_in_a_row_end_the_run()
    {
        var cluster = new ToyCluster(Plan() with { MaxSkips = 2 }, 3, 2, 1) { NonFinite = (5, 8) };
        cluster.Run();
        Assert.Null(cluster.Outcome);
        Assert.Equal(7, cluster.Failure?.Step);
        Assert.Equal(2, cluster.Skips.Count);
    }

    [Fact]
    public void Skips_that_are_not_in_a_row_do_not_end_the_run()
    {
        var cluster = new ToyCluster(Plan() with { MaxSkips = 1 }, 3, 2, 1) { NonFinite = (3, 4), InfiniteLossAt = 5 };
        cluster.Run();
        Assert.Equal((RunStatus.Completed, 2L), (cluster.Outcome?.Status, cluster.Outcome?.SkippedSteps));
    }

    [Fact]
    public void The_figures_of_a_sampled_step_come_together_from_all_servers_in_their_order()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            // Three blocks of parameters: the fourth server owns nothing.
            ToyCluster cluster = Run(Plan(), 2, 4, seed);
            Assert.Equal([0, 3, 6, 9], cluster.Statistics.Select(s => s.Step));
            Assert.All(cluster.Statistics, s =>
                Assert.Equal([1.0, 2, 3], s.Figures.Where(f => f.Length > 0).Select(f => f.Span[0])));
        }
    }

    [Fact]
    public void Steps_that_were_clipped_are_counted_once_each_over_any_servers()
    {
        long clipped = Run(Plan(), 1, 1, 0).Steps.Count(s => s.Clipped);
        Assert.InRange(clipped, 1, 12);
        ToyCluster cluster = Run(Plan(), 3, 4, 2);
        Assert.Equal(clipped, cluster.Outcome!.ClippedSteps);
    }

    [Fact]
    public void Servers_that_are_asked_to_halt_agree_on_the_step_and_a_checkpoint_of_it_is_written()
    {
        for (int seed = 1; seed <= 50; seed++)
        {
            var cluster = new ToyCluster(Plan(), 3, 4, seed) { StopAfterStep = 5 };
            cluster.Run();
            Assert.Equal(RunStatus.Interrupted, cluster.Outcome?.Status);
            Assert.InRange(cluster.Outcome!.Version, 6, 8);
            Assert.Equal(cluster.Outcome.Version, cluster.Checkpoints[^1].Version);
            Assert.Equal(cluster.Outcome.Version, cluster.Steps.Count);
        }
    }

    [Fact]
    public void A_checkpoint_is_written_at_every_fifth_step_and_at_the_end()
    {
        ToyCluster cluster = Run(Plan(), 2, 2, 1);
        Assert.Equal([5, 10, 12], cluster.Checkpoints.Select(c => c.Version));
        Assert.Equal(1, cluster.Checkpoints[0].Progress.EpochsCompleted);
        Assert.Equal(6, cluster.Checkpoints[0].Progress.EpochSums[0]);
    }

    [Fact]
    public void An_epoch_whose_end_nobody_stops_at_is_told_of_once_with_its_sums_over_any_cluster()
    {
        TrainingPlan plan = PlanWithoutStops();
        float[] reference = Run(Plan(), 1, 1, 0).Parameters;
        for (int seed = 1; seed <= 50; seed++)
        {
            ToyCluster cluster = Run(plan, 1 + seed % 5, 1 + seed % 4, seed);
            Assert.Equal(reference, cluster.Parameters);
            Assert.Equal([(1, 24.0), (2, 24), (3, 24)], cluster.Epochs.Select(e => (e.Epoch, e.TrainSums[0])));
            Assert.Equal([(5L, 1, 6.0), (10, 2, 12), (12, 3, 0)], cluster.Checkpoints.Select(c => (c.Version, c.Progress.EpochsCompleted, c.Progress.EpochSums[0])));
            Assert.Equal((3, 24), (cluster.Outcome!.Epochs, cluster.Outcome.TrainSums![0]));
        }
    }

    [Fact]
    public void Also_where_its_last_step_is_skipped()
    {
        for (int seed = 1; seed <= 20; seed++)
        {
            var cluster = new ToyCluster(PlanWithoutStops() with { MaxSkips = 2 }, 1 + seed % 5, 1 + seed % 4, seed) { NonFinite = (3, 5) };
            cluster.Run();
            Assert.Equal([(1, 18.0), (2, 18), (3, 24)], cluster.Epochs.Select(e => (e.Epoch, e.TrainSums[0])));
            Assert.Equal(2, cluster.Outcome!.SkippedSteps);
        }
    }

    [Fact]
    public void Also_where_the_run_is_interrupted_around_it()
    {
        for (int seed = 1; seed <= 90; seed++)
        {
            var cluster = new ToyCluster(PlanWithoutStops() with { CheckpointEverySteps = 0 }, 3, 4, seed) { StopAfterStep = 2 + seed % 3 };
            cluster.Run();
            Assert.Equal(RunStatus.Interrupted, cluster.Outcome?.Status);
            int epochs = (int)(cluster.Outcome!.Version / 4);
            Assert.Equal(Enumerable.Range(1, epochs), cluster.Epochs.Select(e => e.Epoch));
            WriteCheckpoint last = Assert.Single(cluster.Checkpoints);
            Assert.Equal((cluster.Outcome.Version, epochs, epochs), (last.Version, last.Progress.EpochsCompleted, cluster.Outcome.Epochs));
            Assert.Equal(cluster.Outcome.Version % 4 * 6, last.Progress.EpochSums[0]);
        }
    }

    [Fact]
    public void An_epoch_is_evaluated_by_all_workers_and_its_sums_follow_the_tree()
    {
        ToyCluster cluster = Run(Plan(), 3, 2, 1);
        Assert.Equal(3, cluster.Epochs.Count);
        Assert.All(cluster.Epochs, e => Assert.Equal(EvaluationTree.LeafCount(1000), e.ValidationSums![1]));
        Assert.Equal(3 * 3, cluster.Evaluations.Count(e => e.Part == DataPart.Validation));
        Assert.Equal(6, cluster.Outcome!.FinalSums[DataPart.Test][0]);
    }

    [Fact]
    public void A_run_without_improvement_ends_after_its_patience()
    {
        TrainingPlan plan = Plan(epochs: 20) with { EarlyStopping = new EarlyStopping(DataPart.Validation, false, 2, 0, true) };
        ToyCluster cluster = Run(plan, 2, 2, 1);
        Assert.Equal(RunStatus.StoppedEarly, cluster.Outcome?.Status);
        Assert.Equal((3, 1), (cluster.Outcome!.Epochs, cluster.Outcome.BestEpoch));
    }

    [Fact]
    public void A_plateau_lowers_the_rate_after_its_patience()
    {
        TrainingPlan plan = Plan(epochs: 5) with { Plateau = new PlateauSchedule(Factor: 0.5, Patience: 2) };
        ToyCluster cluster = Run(plan, 1, 1, 1);
        Assert.Equal([1, 1, 1, 0.5, 0.5], cluster.Steps.Where(s => s.Step % 4 == 0).Select(s => s.RateFactor));
    }

    [Fact]
    public void Each_checkpoint_has_the_residuals_of_every_subtree_at_its_version_whatever_message_overtakes_which()
    {
        TrainingPlan plan = Plan() with { KeepsResiduals = true };
        for (int seed = 1; seed <= 30; seed++)
        {
            int workers = 1 + seed % 7;
            ToyCluster cluster = Run(plan, workers, 1 + seed % 4, seed);
            Assert.Equal([5, 10, 12], cluster.Checkpoints.Select(c => c.Version));
            foreach (WriteCheckpoint checkpoint in cluster.Checkpoints)
            {
                Assert.Equal(Enumerable.Range(0, 6), checkpoint.Residuals.SelectMany(r => Enumerable.Range(r.Subtree.First, r.Subtree.Count)));
                Assert.Equal(Math.Min(workers, 6), cluster.Copies.Count(c => c.Version == checkpoint.Version));
            }
        }
        Assert.All(Run(Plan(), 2, 2, 1).Checkpoints, c => Assert.Empty(c.Residuals));
    }

    [Fact]
    public void Workers_know_of_each_step_and_each_copy_whether_the_step_before_was_skipped()
    {
        TrainingPlan plan = Plan() with { KeepsResiduals = true, MaxSkips = 2 };
        for (int seed = 1; seed <= 30; seed++)
        {
            // Steps 3 and 4 are skipped: version 5, a checkpoint's, comes of the second.
            var cluster = new ToyCluster(plan, 1 + seed % 5, 1 + seed % 4, seed) { NonFinite = (3, 5) };
            cluster.Run();
            Assert.Equal(RunStatus.Completed, cluster.Outcome?.Status);
            Assert.All(cluster.Computed, c => Assert.Equal((c.Step, c.Step is 4 or 5), (c.Step, c.AfterSkip)));
            Assert.All(cluster.Copies, c => Assert.Equal((c.Version, c.Version == 5), (c.Version, c.AfterSkip)));
        }
    }

    [Fact]
    public void Also_while_workers_come_and_go()
    {
        TrainingPlan plan = Plan() with { KeepsResiduals = true, MaxSkips = 2 };
        for (int seed = 1; seed <= 100; seed++)
        {
            var cluster = new ToyCluster(plan, 2 + seed % 3, 1 + seed % 3, seed) { NonFinite = (3, 5) };
            for (int i = 1; i <= 4; i++)
            {
                cluster.At(i * 60 + seed, () => cluster.Join(Role.Worker));
                cluster.At(i * 60 + seed + 25, () => cluster.Kill(cluster.AnyMember(Role.Worker)));
            }
            cluster.Run();
            Assert.True(cluster.Outcome?.Status == RunStatus.Completed, $"seed {seed}: {cluster.Describe()}");
            Assert.All(cluster.Computed, c => Assert.Equal((seed, c.Step, c.Step is 4 or 5), (seed, c.Step, c.AfterSkip)));
            Assert.All(cluster.Copies, c => Assert.Equal((seed, c.Version, c.Version == 5), (seed, c.Version, c.AfterSkip)));
            foreach (WriteCheckpoint checkpoint in cluster.Checkpoints)
                Assert.Equal(Enumerable.Range(0, 6), checkpoint.Residuals.SelectMany(r => Enumerable.Range(r.Subtree.First, r.Subtree.Count)));
        }
    }

    [Fact]
    public void Exact_parameters_are_shown_once_at_the_end()
    {
        TrainingPlan plan = Plan() with { RoundsParameters = true };
        for (int seed = 1; seed <= 20; seed++)
        {
            ToyCluster cluster = Run(plan, 2, 3, seed);
            Assert.Equal([(0, 12), (1, 12), (2, 12)], cluster.Shown.Order());
        }
        Assert.Empty(Run(Plan(), 2, 2, 1).Shown);
    }

    [Fact]
    public void A_plan_without_epochs_only_evaluates()
    {
        TrainingPlan plan = Plan(epochs: 0) with { WritesCheckpoints = false };
        ToyCluster cluster = Run(plan, 4, 1, 1);
        Assert.Empty(cluster.Steps);
        Assert.Empty(cluster.Checkpoints);
        Assert.Equal(3, cluster.Outcome!.FinalSums[DataPart.Test][1]);
    }

    [Fact]
    public void Progress_survives_its_way_through_a_checkpoint()
    {
        var progress = new TrainingProgress
        {
            EpochsCompleted = 7, EpochSums = [1.5, 2.5], TrainSums = [0.1, 3], BestMetric = 0.25, BestEpoch = 4, EpochsSinceBest = 3,
            BestTrainSums = [9, 8], RateFactor = 0.1, PlateauBest = 0.3, PlateauEpochs = 1, StoppedEarly = true,
            ClippedSteps = 12, SkippedSteps = 3,
        };
        TrainingProgress copy = TrainingProgress.FromNumbers(progress.ToNumbers());
        Assert.Equal(progress.ToNumbers(), copy.ToNumbers());
        Assert.Equal(progress.EpochSums, copy.EpochSums);
        Assert.Null(copy.ValidationSums);
        Assert.True(double.IsNaN(TrainingProgress.FromNumbers(TrainingProgress.Start(2).ToNumbers()).BestMetric));
    }
}
