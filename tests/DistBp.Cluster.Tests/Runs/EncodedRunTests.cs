using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

public sealed class EncodedRunTests
{
    public static TheoryData<string> Gradients => ["wire.gradients=bf16", "wire.gradients=f16", "wire.gradients=int8", "wire.gradients={topK: 0.05}"];

    [Theory]
    [MemberData(nameof(Gradients))]
    public async Task Servers_change_no_bit_and_workers_may(string setting)
    {
        foreach (string name in new[] { "adam", "batchNorm", "embedding" })
        {
            JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name], setting);
            Outcome expected = (await TestRun.WholeAsync(job, 2, 1)).Outcome;
            foreach (int servers in new[] { 2, 3 }) Assert.Equal((name, expected), (name, (await TestRun.WholeAsync(job, 2, servers)).Outcome));
            Assert.NotEqual(expected.WeightsSha256, (await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.EveryOptimizer[name]))).Outcome.WeightsSha256);
        }
    }

    [Theory]
    [InlineData("bf16")]
    [InlineData("f16")]
    public async Task Rounded_parameters_give_the_same_bits_over_any_cluster_and_through_interruptions(string encoding)
    {
        foreach (string name in new[] { "adam", "batchNorm", "embedding" })
        {
            JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name], $"wire.parameters={encoding}");
            Outcome expected = (await TestRun.WholeAsync(job)).Outcome;
            Assert.Equal(expected, (await TestRun.WholeAsync(job, 3, 2)).Outcome);
            Assert.NotEqual(expected.WeightsSha256, (await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.EveryOptimizer[name]))).Outcome.WeightsSha256);
            using var run = new TestRun();
            Assert.Equal(expected, await run.TrainInPiecesAsync(job, [(5, 2, 3), (SmallJobs.StepsPerEpoch, 1, 1)], last: (3, 2)));
        }
    }

    [Fact]
    public async Task The_final_parameters_are_the_exact_ones_and_so_are_a_checkpoints_and_those_of_an_interrupted_run()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "wire.parameters=bf16");
        using var run = new TestRun();
        using (var probe = new RunProbe { StopAtStep = 7 })
        {
            RunResult interrupted = await run.TrainAsync(job, 2, 2, probe);
            Assert.Equal(interrupted.WeightsSha256, ExactHash(run));
        }
        RunResult result = await run.TrainAsync(job, 2, 2);
        Assert.Equal(result.WeightsSha256, ExactHash(run));
        // Evaluated as they were saved.
        SavedRun saved = SavedRun.Open(run.Folder);
        EvaluationReport report = await EvaluationSession.RunAsync(
            saved, Protocol.Messages.DataPart.Test, saved.ReadPart(Protocol.Messages.DataPart.Test), 2, CancellationToken.None);
        Assert.Equal(result.TestLoss, report.Values.Loss);
    }

    [Fact]
    public async Task The_best_epochs_exact_parameters_are_restored()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.StopsEarly, "wire={gradients: int8, parameters: f16}");
        (Outcome expected, RunProbe whole) = await TestRun.WholeAsync(job, 2, 2);
        Assert.Equal("StoppedEarly", expected.Status);
        int bestEpoch = whole.Epochs.MinBy(e => e.Validation!.Loss)!.Epoch;
        using var run = new TestRun();
        Assert.Equal(expected, await run.TrainInPiecesAsync(job, [(bestEpoch * SmallJobs.StepsPerEpoch + 2, 2, 2)], last: (2, 2)));
        SavedRun saved = SavedRun.Open(run.Folder);
        Assert.Contains(saved.Parameters.Span.ToArray(), p => (float)(Half)p != p);
    }

    [Theory]
    [InlineData("wire.gradients=int8")]
    [InlineData("wire.gradients={topK: 0.05}")]
    public async Task A_run_that_is_resumed_with_the_same_workers_ends_with_the_same_bits(string setting)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, setting, "epochs=3");
        foreach (int workers in new[] { 1, 2, 3 })
        {
            Outcome expected = (await TestRun.WholeAsync(job, workers, 1)).Outcome;
            using var run = new TestRun();
            (long, int, int)[] pieces = [(5, workers, 2), (SmallJobs.StepsPerEpoch, workers, 3), (SmallJobs.StepsPerEpoch + 3, workers, 1)];
            Assert.Equal((workers, expected), (workers, await run.TrainInPiecesAsync(job, pieces, last: (workers, 2))));
        }
    }

    [Fact]
    public async Task With_other_workers_the_residuals_are_added_up_and_the_run_says_so()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "wire.gradients={topK: 0.05}");
        using var run = new TestRun();
        using (var probe = new RunProbe { StopAtStep = 7 }) await run.TrainAsync(job, 3, 1, probe);
        using var resumed = new RunProbe();
        RunResult result = await run.TrainAsync(job, 1, 1, resumed);
        Assert.Contains(resumed.Warnings, w => w.Contains("another number of workers", StringComparison.Ordinal));
        Assert.InRange(result.TestAccuracy!.Value, 0.5, 1);
    }

    [Fact]
    public async Task A_flipped_bit_of_a_residual_is_detected_and_the_checkpoint_before_ends_with_the_same_bits()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "wire.gradients={topK: 0.05}", "checkpoint.everySteps=4");
        Outcome expected = (await TestRun.WholeAsync(job, 2, 2)).Outcome;
        using var run = new TestRun();
        using (var probe = new RunProbe { StopAtStep = 14 }) await run.TrainAsync(job, 2, 2, probe);
        string newest = CheckpointStore.OpenForReading(run.Paths.Checkpoints).NewestFirst().First();
        // Slices 0..2 and 3..5 are four subtrees.
        string file = Path.Combine(newest, "residuals-00001-of-00004.safetensors");
        byte[] bytes = File.ReadAllBytes(file);
        bytes[^5] ^= 1;
        File.WriteAllBytes(file, bytes);
        Assert.Contains("residuals-00001-of-00004.safetensors", Checkpoint.Verify(newest).Why, StringComparison.Ordinal);

        using var rest = new RunProbe();
        Assert.Equal(expected, Outcome.Of(await run.TrainAsync(job, 2, 2, rest)));
        Assert.Contains(rest.Warnings, w => w.Contains(newest, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_skipped_step_leaves_the_residuals_as_they_were()
    {
        // The gradient of the extreme sample is finite and huge, its loss is not: what the step leaves over must not be sent later.
        using var data = new ExtremeSample();
        JobDescription job = data.Job("skip", "wire.gradients={topK: 0.2}", "epochs=30");
        (Outcome expected, RunProbe whole) = await TestRun.WholeAsync(job, 2, 1);
        Assert.Equal(30, whole.Skipped.Count);
        Assert.InRange(whole.Epochs[^1].Train.Loss, 0, whole.Epochs[0].Train.Loss / 4);
        // Before it and after it: steps are counted from 0 there, and from 1 here.
        foreach (long cut in new[] { whole.Skipped[1].Step, whole.Skipped[1].Step + 2, whole.Skipped[1].Step + 3 })
        {
            using var run = new TestRun();
            Assert.Equal((cut, expected), (cut, await run.TrainInPiecesAsync(job, [(cut, 2, 2)], last: (2, 3))));
        }
    }

    [Fact]
    public async Task A_gradient_that_has_no_room_in_f16_ends_the_run_with_the_advice_to_use_bf16()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllLines(folder["data.csv"], ["x,z", .. Enumerable.Range(0, 200).Select(i => $"{i % 10},{i % 10 * 10000}")]);
        JobDescription Job(string encoding) => JobFile.Parse(
            $$"""
            data: {format: csv, train: {path: data.csv, label: z} }
            model: {layers: [{dense: 1}]}
            loss: meanSquaredError
            batch: 50
            epochs: 1
            wire: {gradients: {{encoding}}}
            """, "job.yaml", [], "wide", Path.GetDirectoryName(folder["data.csv"])!);
        UserException e = await Assert.ThrowsAsync<UserException>(() => TestRun.WholeAsync(Job("f16")));
        Assert.Equal(ErrorKind.Diverged, e.Kind);
        Assert.Contains("wire.gradients: bf16", e.Message, StringComparison.Ordinal);
        Assert.Equal("Completed", (await TestRun.WholeAsync(Job("bf16"))).Outcome.Status);
    }

    [Fact]
    public async Task What_a_lossy_encoding_does_not_promise_is_said_at_the_start()
    {
        (string, int)[] settings = [("wire.gradients=bf16", 1), ("wire.gradients=int8", 1), ("wire.gradients={topK: 0.05}", 1), ("wire.parameters=bf16", 0), ("wire.gradients=f32", 0)];
        foreach ((string setting, int warnings) in settings)
        {
            RunProbe probe = (await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam, setting, "epochs=1"))).Probe;
            Assert.Equal((setting, warnings), (setting, probe.Warnings.Count(w => w.Contains("depend on the number of workers", StringComparison.Ordinal))));
        }
    }

    /// <summary>Of the newest checkpoint, and of parameters.safetensors: both are the same.</summary>
    private static string ExactHash(TestRun run)
    {
        SavedRun saved = SavedRun.Open(run.Folder);
        float[] parameters = saved.Parameters.Span.ToArray(), captured = new float[parameters.Length];
        CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact().Checkpoint!.LoadParameters(saved.Network.Parameters, captured);
        Assert.Equal(parameters, captured);
        return WeightsHash.Compute(saved.Network.Parameters, parameters);
    }
}
