using DistBp.Cluster.Configuration;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>A coordinator whose reign is over in the middle of a run, and who does not know it before it looks at the clock.</summary>
public sealed class DeposedRunTests
{
    /// <summary>33 steps, checkpoints and stop points at 4, 8, … 32 and at the end.</summary>
    private static readonly JobDescription Job = SmallJobs.Of(SmallJobs.Adam, "checkpoint={everySteps: 4, keep: 100}", "epochs=3");

    [Fact]
    public async Task It_lets_nobody_go_past_the_next_stop_point_leaves_what_there_is_and_another_one_goes_on_from_it()
    {
        Outcome expected = (await TestRun.WholeAsync(Job)).Outcome;
        using var run = new TestRun();
        bool held = true;
        using var probe = new RunProbe { AtStep = (13, () => Volatile.Write(ref held, false)) };
        var options = new TrainingOptions { Workers = 2, Servers = 2, OutFolder = run.Folder };
        var variant = new SessionVariant { OutlivesCoordinator = true, IsHeld = () => Volatile.Read(ref held) };
        await Assert.ThrowsAsync<ReignEndedException>(() => TrainingSession.RunAsync(Job, options, variant, [probe], CancellationToken.None));
        Assert.InRange(probe.Steps[^1].Step, 13, 16);
        Assert.False(File.Exists(run.Paths.Result));
        Assert.False(File.Exists(run.Paths.Parameters));
        // That of step 12 was being written, or was on the disk already.
        Assert.InRange(CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact().Checkpoint!.Position.Step, 8, 12);

        var next = new SessionVariant { OutlivesCoordinator = true, FencesFolder = true, Restarts = 1 };
        RunResult result = await TrainingSession.RunAsync(Job, options with { Resume = true }, next, [], CancellationToken.None);
        Assert.Equal(expected, Outcome.Of(result));
    }

    [Fact]
    public async Task It_does_not_open_the_folder_of_a_run_that_it_was_to_take_over()
    {
        using var run = new TestRun();
        await run.TrainAsync(Job);
        using RunFolder next = RunFolder.Resume(run.Folder);
        var options = new TrainingOptions { Workers = 1, Servers = 1, OutFolder = run.Folder, Resume = true };
        var variant = new SessionVariant { OutlivesCoordinator = true, FencesFolder = true, IsHeld = () => false };
        await Assert.ThrowsAsync<ReignEndedException>(() => TrainingSession.RunAsync(Job, options, variant, [], CancellationToken.None));
        Assert.True(File.Exists(Path.Combine(run.Folder, ".lock")));
    }
}
