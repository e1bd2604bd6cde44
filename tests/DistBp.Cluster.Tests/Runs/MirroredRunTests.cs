using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

public sealed class MirroredRunTests : IDisposable
{
    /// <summary>Without a mirror.</summary>
    private static readonly JobDescription Plain = SmallJobs.Of(SmallJobs.Adam, "checkpoint={everySteps: 4, keep: 2}", "epochs=3");
    private readonly TemporaryFolder _second = new();

    private JobDescription Job => SmallJobs.Of(SmallJobs.Adam, "checkpoint={everySteps: 4, keep: 2}", "epochs=3", $"checkpoint.mirror={_second["copies"]}");

    public void Dispose() => _second.Dispose();

    [Fact]
    public async Task A_mirror_changes_no_bit_and_has_what_the_run_has()
    {
        Outcome expected = (await TestRun.WholeAsync(Plain)).Outcome;
        using var run = new TestRun();
        using var probe = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(Job, 2, 2, probe)));
        Assert.Empty(probe.Warnings);
        Assert.Equal(33, CheckpointStore.OpenForReading(_second["copies/run"]).FindNewestIntact().Checkpoint!.Position.Step);
        Assert.InRange(Directory.GetDirectories(_second["copies/run"]).Length, 1, 2);
        // The job of the run's folder finds it from anywhere.
        Assert.Equal(_second["copies"], JobFile.Read(run.Paths.Job, []).Checkpoint.Mirror);
        RunInspection inspection = RunInspection.Of(run.Folder);
        Assert.Contains(inspection.Checkpoints, c => c.Folder.StartsWith(_second["copies/run"], StringComparison.Ordinal) && c.Manifest is not null);
    }

    [Fact]
    public async Task A_run_whose_own_checkpoints_are_all_damaged_goes_on_from_the_mirror_and_says_so()
    {
        Outcome expected = (await TestRun.WholeAsync(Plain)).Outcome;
        using TestRun run = await InterruptedAsync();
        string[] own = [.. CheckpointStore.OpenForReading(run.Paths.Checkpoints).NewestFirst()];
        foreach (string checkpoint in own) Flip(checkpoint);
        using var probe = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(Job, 1, 3, probe)));
        string used = Path.Combine(_second["copies/run"], Path.GetFileName(own[0]));
        Assert.Contains(probe.Warnings, w => w.Contains(own[0], StringComparison.Ordinal) && w.Contains("damaged", StringComparison.Ordinal));
        Assert.Contains(probe.Warnings, w => w.Contains($"{used} is used", StringComparison.Ordinal));
        Assert.True(probe.Started!.StartStep >= 17);
    }

    [Fact]
    public async Task A_run_that_has_lost_its_folder_goes_on_from_the_mirror()
    {
        Outcome expected = (await TestRun.WholeAsync(Plain)).Outcome;
        using TestRun run = await InterruptedAsync();
        Directory.Delete(run.Folder, recursive: true);
        // Without --resume it would be a new run, which must not take the place of the old one's checkpoints.
        Assert.Contains("another run", (await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(Job))).Message, StringComparison.Ordinal);
        Directory.Delete(run.Folder, recursive: true);
        Directory.CreateDirectory(run.Folder);
        using var probe = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(Job, 2, 1, probe)));
        Assert.True(probe.Started!.StartStep >= 17);
    }

    [Fact]
    public async Task A_mirror_that_fails_costs_warnings_alone()
    {
        Outcome expected = (await TestRun.WholeAsync(Plain)).Outcome;
        File.WriteAllText(_second["copies"], "in the way");
        using var run = new TestRun();
        using var probe = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(Job, 2, 2, probe)));
        Assert.Contains(probe.Warnings, w => w.Contains("is not copied to", StringComparison.Ordinal));
        Assert.Equal(33, CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact().Checkpoint!.Position.Step);
    }

    [Fact]
    public async Task A_run_that_diverges_leaves_only_good_checkpoints_in_the_mirror()
    {
        using var run = new TestRun();
        JobDescription job = SmallJobs.Of(
            "model: {layers: [{dense: {units: 96, name: first}}, relu, {dense: 48}, relu, {dense: 10}]}\noptimizer: {sgd: {rate: 1e8}}\nclip: null",
            "checkpoint={everySteps: 1, keep: 9}", $"checkpoint.mirror={_second["copies"]}");
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(job));
        Assert.Equal(ErrorKind.Diverged, e.Kind);
        HashSet<string> Names(string folder) => [.. CheckpointStore.OpenForReading(folder).NewestFirst().Select(f => Path.GetFileName(f))];
        Assert.NotEmpty(Names(run.Paths.Checkpoints));
        Assert.Subset(Names(run.Paths.Checkpoints), Names(_second["copies/run"]));
    }

    private async Task<TestRun> InterruptedAsync()
    {
        var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = 17 };
        await run.TrainAsync(Job, 2, 2, probe);
        return run;
    }

    private static void Flip(string checkpoint)
    {
        string file = Path.Combine(checkpoint, CheckpointManifest.ParametersFileName);
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^9] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
