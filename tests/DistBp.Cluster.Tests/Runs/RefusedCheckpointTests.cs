using System.Text.Json;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Runs.Audits;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>A disk that does not take a checkpoint costs the checkpoint, not the run.</summary>
public sealed class RefusedCheckpointTests
{
    /// <summary>33 steps, checkpoints at 4, 8, … 32 and at the end.</summary>
    private static readonly JobDescription Job = SmallJobs.Of(SmallJobs.Adam, "checkpoint={everySteps: 4, keep: 1}", "epochs=3");

    [Fact]
    public async Task The_run_goes_on_with_warnings_and_the_next_ones_are_tried_again()
    {
        Outcome expected = (await TestRun.WholeAsync(Job)).Outcome;
        using var run = new TestRun();
        using var probe = new RunProbe { AtStep = (2, () => Obstruct(run)), AtSecondStep = (25, () => Clear(run)) };
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(Job, 2, 2, probe)));
        Assert.Equal(33, probe.Checkpoints[^1].Step);
        Assert.Contains(probe.Warnings, w => w.Contains("the checkpoint of step 4", StringComparison.Ordinal)
            && w.Contains(run.Paths.Checkpoints, StringComparison.Ordinal) && w.Contains("bytes are needed there", StringComparison.Ordinal)
            && w.Contains("the run goes on", StringComparison.Ordinal));
        Assert.Contains(probe.Warnings, w => w.Contains("written again, after", StringComparison.Ordinal));
        Assert.Contains("bytes are needed there", Warnings(run)[0], StringComparison.Ordinal);
        Assert.Equal(33, CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact().Checkpoint!.Position.Step);
    }

    [Fact]
    public async Task When_the_last_one_is_refused_too_the_run_ends_with_an_error_and_has_its_parameters()
    {
        Outcome expected = (await TestRun.WholeAsync(Job)).Outcome;
        using var run = new TestRun();
        using var probe = new RunProbe { AtStep = (2, () => Obstruct(run)) };
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(Job, 2, 2, probe));
        Assert.Equal(2, (int)e.Kind);
        Assert.Contains("its last checkpoint is missing", e.Message, StringComparison.Ordinal);
        Assert.Contains("the checkpoint of step 33", e.Message, StringComparison.Ordinal);
        Assert.Contains("bytes are needed there", e.Message, StringComparison.Ordinal);
        Assert.Contains(run.Paths.Parameters, e.Message, StringComparison.Ordinal);
        Assert.Equal(expected.WeightsSha256, RunResult.Load(run.Paths.Result).WeightsSha256);
        Assert.True(File.Exists(run.Paths.Parameters));
        // Nine in a row, of which the first, second, fourth and eighth are told.
        Assert.Equal(4, probe.Warnings.Count(w => w.Contains("bytes are needed there", StringComparison.Ordinal)));
        Assert.Equal("failed", Events(run)[^1].GetProperty("status").GetString());
    }

    [Fact]
    public async Task A_last_one_that_the_disk_takes_at_the_second_try_is_enough()
    {
        using var run = new TestRun();
        // Only the last one is written, and what is in the way is gone once that is told.
        using var probe = new RunProbe { AtStep = (30, () => Obstruct(run)), AtWarning = _ => Clear(run) };
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "checkpoint={everySteps: 100, keep: 1}", "epochs=3"), 1, 2, probe);
        Assert.Equal(33, Assert.Single(probe.Checkpoints).Step);
        Assert.Equal(33, CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact().Checkpoint!.Position.Step);
    }

    [Fact]
    public async Task A_disk_that_is_full_for_a_while_costs_neither_bits_nor_ledger_nor_events()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 2048);
        if (disk is null) return;
        Outcome expected = (await TestRun.WholeAsync(Job)).Outcome;
        using var probe = new RunProbe { AtCheckpoint = step => FillAfter(4, step, disk), AtSecondStep = (27, disk.Free) };
        var options = new TrainingOptions { Workers = 2, Servers = 2, OutFolder = disk["run"] };
        RunResult result = await TrainingSession.RunAsync(Job, options, [probe], CancellationToken.None);
        Assert.Equal(expected, Outcome.Of(result));
        Assert.Contains(probe.Warnings, w => w.Contains("bytes are needed there", StringComparison.Ordinal));
        Assert.Contains(probe.Warnings, w => w.Contains("written again, after", StringComparison.Ordinal));
        Assert.True(RunAudit.Of(disk["run"]).Proven);
        Assert.All(File.ReadAllLines(new RunPaths(disk["run"]).Events), l => JsonDocument.Parse(l).Dispose());
    }

    [Fact]
    public async Task A_disk_that_stays_full_ends_the_run_with_2_after_its_last_step_and_it_goes_on_from_the_checkpoint_before()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 2048);
        if (disk is null) return;
        Outcome expected = (await TestRun.WholeAsync(Job)).Outcome;
        using var probe = new RunProbe { AtCheckpoint = step => FillAfter(12, step, disk) };
        var options = new TrainingOptions { Workers = 2, Servers = 2, OutFolder = disk["run"] };
        UserException e = await Assert.ThrowsAsync<UserException>(() => TrainingSession.RunAsync(Job, options, [probe], CancellationToken.None));
        Assert.Equal(2, (int)e.Kind);
        Assert.Contains("bytes are needed there", e.Message, StringComparison.Ordinal);
        Assert.Equal(33, probe.Steps.Count);
        disk.Free();
        using var rest = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await TrainingSession.RunAsync(Job, options with { Workers = 1, Resume = true }, [rest], CancellationToken.None)));
        Assert.Equal(12, rest.Started!.StartStep);
        Assert.True(RunAudit.Of(disk["run"]).Proven);
    }

    /// <summary>On the thread that has written a checkpoint, before the next one begins.</summary>
    private static void FillAfter(long last, long step, SmallDisk disk)
    {
        if (step == last) disk.Fill();
    }

    /// <summary>A file where the checkpoints' folder should be: refused to root too, whom permissions do not stop.</summary>
    private static void Obstruct(TestRun run)
    {
        Directory.Delete(run.Paths.Checkpoints, recursive: true);
        File.WriteAllText(run.Paths.Checkpoints, "in the way");
    }

    private static void Clear(TestRun run)
    {
        if (File.Exists(run.Paths.Checkpoints)) File.Delete(run.Paths.Checkpoints);
        Directory.CreateDirectory(run.Paths.Checkpoints);
    }

    private static JsonElement[] Events(TestRun run) => [.. File.ReadAllLines(run.Paths.Events).Select(l => JsonDocument.Parse(l).RootElement)];

    private static string[] Warnings(TestRun run) =>
        [.. Events(run).Where(e => e.GetProperty("event").GetString() == "warning").Select(e => e.GetProperty("message").GetString()!)];
}
