using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

public sealed class DamageTests
{
    private static readonly JobDescription Job = SmallJobs.Of(SmallJobs.Adam, "checkpoint.everySteps=4", "epochs=3");

    [Theory]
    [InlineData("parameters.safetensors")]
    [InlineData("optimizer-00001-of-00002.safetensors")]
    [InlineData("manifest.json")]
    public async Task A_flipped_bit_in_the_newest_checkpoint_is_named_and_the_one_before_ends_with_the_same_bits(string file)
    {
        Outcome expected = (await TestRun.WholeAsync(Job)).Outcome;
        using TestRun run = await InterruptedAsync();
        string[] checkpoints = Checkpoints(run);
        Flip(Path.Combine(checkpoints[0], file));

        using var probe = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(Job, 3, 1, probe)));
        Assert.Contains(probe.Warnings, w => w.Contains(checkpoints[0], StringComparison.Ordinal) && w.Contains("damaged", StringComparison.Ordinal));
        Assert.Equal(Checkpoint.Verify(checkpoints[1]).Checkpoint?.Position.Step ?? 16, probe.Started!.StartStep);
    }

    [Fact]
    public async Task When_all_checkpoints_are_damaged_all_are_named_and_nothing_is_touched()
    {
        using TestRun run = await InterruptedAsync();
        string[] checkpoints = Checkpoints(run);
        foreach (string checkpoint in checkpoints) Flip(Path.Combine(checkpoint, "parameters.safetensors"));
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(Job));
        Assert.Equal(ErrorKind.Checkpoint, e.Kind);
        Assert.Equal(checkpoints, e.Problems.Select(p => p.Where));
        Assert.Equal(checkpoints, Checkpoints(run));
    }

    [Fact]
    public async Task A_checkpoint_of_another_model_is_refused_with_the_difference_and_the_runs_job_stays()
    {
        using TestRun run = await InterruptedAsync();
        string job = File.ReadAllText(run.Paths.Job), preprocessing = File.ReadAllText(run.Paths.Preprocessing);
        JobDescription other = SmallJobs.Of(SmallJobs.Adam, "model.layers.2.dense=50", "data.preprocess=[standardize]");
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(other));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("[48, 96]", e.Message, StringComparison.Ordinal);
        Assert.Contains("[50, 96]", e.Message, StringComparison.Ordinal);
        // The remedy names job.yaml: it must still be the run's.
        Assert.Equal(job, File.ReadAllText(run.Paths.Job));
        Assert.Equal(preprocessing, File.ReadAllText(run.Paths.Preprocessing));
    }

    [Theory]
    [InlineData("seed=2", "seed: got 1, expected 2")]
    [InlineData("slices=5", "slices: got 6, expected 5")]
    [InlineData("batch=90", "batch: got 100, expected 90")]
    [InlineData("optimizer=adamw", "optimizer: got adam, expected adamw")]
    [InlineData("optimizer.adam.rate=0.1", "hash of the job")]
    public async Task A_checkpoint_of_another_job_is_refused_with_the_difference(string change, string difference)
    {
        using TestRun run = await InterruptedAsync();
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, change)));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains(difference, e.Message, StringComparison.Ordinal);
    }

    /// <summary>A run with checkpoints of two servers that stopped at its step 17 or 18.</summary>
    private static async Task<TestRun> InterruptedAsync()
    {
        var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = 17 };
        await run.TrainAsync(Job, 2, 2, probe);
        return run;
    }

    private static string[] Checkpoints(TestRun run) => [.. CheckpointStore.OpenForReading(run.Paths.Checkpoints).NewestFirst()];

    private static void Flip(string file)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(file, bytes);
    }
}
