using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Tests.Runs;

public sealed class CancellationTests
{
    private static readonly JobDescription Job = SmallJobs.Of(SmallJobs.Adam);

    [Fact]
    public async Task Before_the_first_step_it_ends_a_run_that_can_be_resumed()
    {
        using var run = new TestRun();
        using var probe = new RunProbe();
        probe.Cancel();
        RunResult result = await run.TrainAsync(Job, 2, 2, probe);
        Assert.Equal((RunStatus.Interrupted, 0L, 0), (result.Status, result.Steps, result.Epochs));
        Assert.Null(result.TrainLoss);
        Assert.Empty(probe.Steps);
        Assert.Equal((await TestRun.WholeAsync(Job)).Outcome, Outcome.Of(await run.TrainAsync(Job)));
    }

    [Fact]
    public async Task Of_a_resumed_run_before_its_first_step_it_loses_nothing()
    {
        using var run = new TestRun();
        using var first = new RunProbe { StopAtStep = 4 };
        RunResult before = await run.TrainAsync(Job, 1, 1, first);
        using var probe = new RunProbe();
        probe.Cancel();
        RunResult after = await run.TrainAsync(Job, 2, 2, probe);
        Assert.Equal((before.Steps, before.WeightsSha256, RunStatus.Interrupted), (after.Steps, after.WeightsSha256, after.Status));
        Assert.Equal((await TestRun.WholeAsync(Job)).Outcome, Outcome.Of(await run.TrainAsync(Job)));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task While_an_epoch_is_evaluated_it_ends_with_the_epoch(int servers)
    {
        // With one server the coordinator has the word that all have stopped before it hears of this: the evaluation is under way.
        using var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = SmallJobs.StepsPerEpoch };
        RunResult result = await run.TrainAsync(Job, 3, servers, probe);
        Assert.Equal((RunStatus.Interrupted, SmallJobs.StepsPerEpoch, 1), (result.Status, result.Steps, result.Epochs));
        Assert.NotNull(result.ValidationLoss);
        Assert.Null(result.TestLoss);
        Assert.Equal((await TestRun.WholeAsync(Job)).Outcome, Outcome.Of(await run.TrainAsync(Job)));
    }

    [Fact]
    public async Task At_the_last_step_it_comes_too_late_and_the_run_is_complete()
    {
        using var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = 2 * SmallJobs.StepsPerEpoch };
        Assert.Equal((await TestRun.WholeAsync(Job)).Outcome, Outcome.Of(await run.TrainAsync(Job, 2, 2, probe)));
    }

    [Fact]
    public async Task While_a_checkpoint_is_written_it_waits_for_the_disk()
    {
        using var run = new TestRun();
        using var probe = new RunProbe { StopAtCheckpoint = true };
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "checkpoint.everySteps=1", "epochs=20");
        RunResult result = await run.TrainAsync(job, 2, 2, probe);
        Assert.Equal(RunStatus.Interrupted, result.Status);
        Assert.Equal(result.Steps, CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact().Checkpoint!.Position.Step);
        Assert.Equal(result.Steps, probe.Checkpoints[^1].Step);
    }

    [Fact]
    public async Task An_observer_that_throws_ends_the_run_with_its_error()
    {
        using var run = new TestRun();
        using var probe = new RunProbe { AtStep = (3, () => throw new InvalidDataException("the display broke")) };
        Assert.Equal("the display broke", (await Assert.ThrowsAsync<InvalidDataException>(() => run.TrainAsync(Job, 2, 2, probe))).Message);
        // The folder is free again, and no checkpoint was written: the run begins anew.
        Assert.Equal((await TestRun.WholeAsync(Job)).Outcome, Outcome.Of(await run.TrainAsync(Job)));
    }
}
