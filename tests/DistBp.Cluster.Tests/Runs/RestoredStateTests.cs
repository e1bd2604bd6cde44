using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Learning.Optimizers;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>
/// Each part of a checkpoint is restored, and each matters: gone on with other numbers of workers and servers a run ends with the undisturbed run's bits,
/// and where one part of the checkpoint is another one, with others.
/// </summary>
public sealed class RestoredStateTests
{
    private const long Cut = 14;

    /// <summary>Momentum and second moments, a schedule that remembers, a generator that masks and augments, and an epoch that is half done.</summary>
    private static JobDescription Job => SmallJobs.Of(
        SmallJobs.EveryOptimizer["regularized"], "epochs=4", "schedule={plateau: {patience: 1, factor: 0.5, warmupSteps: 20}}", "checkpoint.everySteps=16");

    public static TheoryData<string> Parts => ["first moment", "second moment", "parameters", "position", "epoch sums", "rate factor"];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public async Task A_run_goes_on_with_any_number_of_servers_and_ends_with_the_same_bits(int servers)
    {
        Outcome expected = (await TestRun.WholeAsync(Job)).Outcome;
        foreach (int before in new[] { 1, 2, 3, 5 })
        {
            using TestRun run = await InterruptedAsync(Job, 2, before);
            Assert.Equal((before, expected), (before, Outcome.Of(await run.TrainAsync(Job, 3, servers))));
        }
    }

    [Theory]
    [MemberData(nameof(Parts))]
    public async Task A_part_that_is_another_one_ends_with_other_bits_or_is_refused(string part)
    {
        (Outcome expected, RunProbe whole) = await TestRun.WholeAsync(Job);
        using TestRun run = await InterruptedAsync(Job, 2, 2);
        CheckpointContent content = Read(run, Job);
        // Rewritten as it is, it is the same checkpoint.
        Write(run, content);
        using (TestRun copy = run.Copy())
        {
            using var same = new RunProbe();
            Assert.Equal(expected, Outcome.Of(await copy.TrainAsync(Job, 1, 3, same)));
            Assert.Equal(whole.Epochs[1].Train, same.Epochs[0].Train);
        }

        OptimizerShard shard = content.Optimizer[0];
        ReadOnlyMemory<float> nothing = new float[shard.Length];
        long step = content.Position.Step;
        Write(run, part switch
        {
            "first moment" => content with { Optimizer = [shard with { States = [nothing, shard.States[1]] }] },
            "second moment" => content with { Optimizer = [shard with { States = [shard.States[0], nothing] }] },
            "parameters" => content with { Parameters = Nudged(content.Parameters) },
            "position" => content with { Position = new CheckpointPosition(step, (int)((step - 1) / SmallJobs.StepsPerEpoch), (int)((step - 1) % SmallJobs.StepsPerEpoch)) },
            "epoch sums" => content with { Coordinator = Changed(content.Coordinator, "epochSums.0", sum => sum + 1) },
            _ => content with { Coordinator = Changed(content.Coordinator, "rateFactor", factor => factor / 2) },
        });
        if (part == "position")
        {
            Assert.Equal(ErrorKind.Data, (await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(Job, 1, 3))).Kind);
            return;
        }
        using var probe = new RunProbe();
        Outcome other = Outcome.Of(await run.TrainAsync(Job, 1, 3, probe));
        // From the sums of an epoch that is half done nothing follows but its figures.
        if (part == "epoch sums") Assert.NotEqual(whole.Epochs[1].Train, probe.Epochs[0].Train);
        else Assert.NotEqual(expected.WeightsSha256, other.WeightsSha256);
    }

    [Theory]
    [InlineData("wire.gradients=int8")]
    [InlineData("wire.gradients={topK: 0.05}")]
    public async Task Residuals_of_error_feedback_are_restored_and_matter(string setting)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, setting, "epochs=4", "checkpoint.everySteps=16");
        Outcome expected = (await TestRun.WholeAsync(job, 2, 1)).Outcome;
        using TestRun run = await InterruptedAsync(job, 2, 1);
        using (TestRun copy = run.Copy()) Assert.Equal(expected, Outcome.Of(await copy.TrainAsync(job, 2, 3)));
        CheckpointContent content = Read(run, job);
        Assert.NotEmpty(content.Residuals);
        Write(run, content with { Residuals = [] });
        Assert.NotEqual(expected.WeightsSha256, Outcome.Of(await run.TrainAsync(job, 2, 3)).WeightsSha256);
    }

    [Theory]
    [InlineData("seed=2")]
    [InlineData("data.augment=[{noise: 0.2}]")]
    public async Task The_generator_goes_on_where_it_was_and_another_seed_or_augmentation_is_refused(string change)
    {
        // Masks and noise follow from the seed, the step and the sample: what is to be restored of the generator is its key.
        using TestRun run = await InterruptedAsync(Job, 1, 1);
        JobDescription other = SmallJobs.Of(
            SmallJobs.EveryOptimizer["regularized"], "epochs=4", "schedule={plateau: {patience: 1, factor: 0.5, warmupSteps: 20}}", "checkpoint.everySteps=16", change);
        Assert.Equal(ErrorKind.Usage, (await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(other))).Kind);
    }

    private static async Task<TestRun> InterruptedAsync(JobDescription job, int workers, int servers)
    {
        var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = Cut };
        RunResult result = await run.TrainAsync(job, workers, servers, probe);
        // In the middle of the second epoch, and not beyond the checkpoint there.
        Assert.InRange(result.Steps, Cut, 16);
        return run;
    }

    /// <summary>All of the newest checkpoint, the optimizer's state as one shard.</summary>
    private static CheckpointContent Read(TestRun run, JobDescription job)
    {
        Checkpoint checkpoint = CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact().Checkpoint!;
        CheckpointManifest manifest = checkpoint.Manifest;
        ParameterLayout layout = Cluster.Runs.SavedRun.Open(run.Folder).Network.Parameters;
        var parameters = new float[layout.Count];
        checkpoint.LoadParameters(layout, parameters);
        float[][] states = [.. manifest.OptimizerStates.Select(_ => new float[layout.TrainedCount])];
        checkpoint.LoadOptimizer(0, layout.TrainedCount, [.. states.Select(s => s.AsMemory())]);
        var identity = new CheckpointIdentity(
            manifest.JobHash, manifest.Seed, manifest.Slices, manifest.Batch, layout, job.Optimizer.Kind, Optimizer.Create(job.Optimizer).StateNames);
        SubtreeResidual[] residuals = [.. checkpoint.LoadResiduals(_ => true, layout.DenseTrainedCount)];
        return new CheckpointContent(
            identity, checkpoint.Position, parameters,
            [new OptimizerShard(0, layout.TrainedCount, [.. states.Select(s => (ReadOnlyMemory<float>)s)])], manifest.Coordinator)
        {
            Residuals = residuals,
        };
    }

    private static void Write(TestRun run, CheckpointContent content) => CheckpointStore.OpenForWriting(run.Paths.Checkpoints, keep: 1).Save(content);

    private static float[] Nudged(ReadOnlyMemory<float> values)
    {
        float[] nudged = values.ToArray();
        nudged[0] = MathF.BitIncrement(nudged[0]);
        return nudged;
    }

    private static Dictionary<string, double> Changed(IReadOnlyDictionary<string, double> numbers, string name, Func<double, double> change) =>
        numbers.ToDictionary(n => n.Key, n => n.Key == name ? change(n.Value) : n.Value);
}
