using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Runs;

public sealed class EvaluationSessionTests
{
    [Fact]
    public async Task Any_number_of_workers_gives_the_same_bits_and_those_of_the_run()
    {
        foreach (string name in new[] { "adamw", "autoencoder", "batchNorm" })
        {
            using var run = new TestRun();
            RunResult result = await run.TrainAsync(SmallJobs.Of(SmallJobs.EveryOptimizer[name]), 2, 2);
            SavedRun saved = SavedRun.Open(run.Folder);
            foreach (int workers in new[] { 1, 2, 3, 8 })
            {
                EvaluationReport test = await EvaluateAsync(saved, DataPart.Test, workers);
                Assert.Equal((result.TestLoss, result.TestAccuracy), (test.Values.Loss, test.Values.Accuracy));
                Assert.Equal((result.ValidationLoss, result.ValidationAccuracy), await LossAsync(saved, DataPart.Validation, workers));
                Assert.Equal(await LossAsync(saved, DataPart.Train, 1), await LossAsync(saved, DataPart.Train, workers));
            }
        }
    }

    [Fact]
    public async Task The_confusion_matrix_counts_every_sample_once()
    {
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam));
        SavedRun saved = SavedRun.Open(run.Folder);
        EvaluationReport alone = await EvaluateAsync(saved, DataPart.Test, 1), shared = await EvaluateAsync(saved, DataPart.Test, 3);
        Assert.Equal(alone.Values, shared.Values);
        long[] counts = [.. Cells(shared)];
        Assert.Equal(Cells(alone), counts);
        Assert.Equal(shared.Samples, counts.Sum());
        Assert.Equal((0, null), (shared.Top, shared.Values.TopAccuracy));
        EvaluationReport top = await EvaluationSession.RunAsync(saved, DataPart.Test, saved.ReadPart(DataPart.Test), 3, CancellationToken.None, top: 5);
        Assert.Equal(5, top.Top);
        Assert.InRange(top.Values.TopAccuracy!.Value, top.Values.Accuracy!.Value, 1);
        Assert.Null(top.RocArea);
        Assert.Equal(shared.Values.Accuracy!.Value, Enumerable.Range(0, 10).Sum(c => shared.Confusion![c, c]) / (double)shared.Samples);
    }

    [Fact]
    public async Task Data_without_a_sample_is_evaluated_to_nothing()
    {
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam));
        SavedRun saved = SavedRun.Open(run.Folder);
        Dataset test = saved.ReadPart(DataPart.Test);
        var none = new MemoryDataset(0, test.SampleShape, test.TargetShape, new TensorBuffer(0), new TensorBuffer(0));
        EvaluationReport report = await EvaluationSession.RunAsync(saved, DataPart.Test, none, 2, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal((0, 0L), (report.Samples, report.Values.Samples));
        Assert.True(double.IsNaN(report.Values.Loss));
    }

    [Fact]
    public async Task The_best_parameters_are_those_that_are_evaluated_after_an_early_stop()
    {
        using var run = new TestRun();
        using var probe = new RunProbe();
        RunResult result = await run.TrainAsync(SmallJobs.Of(SmallJobs.StopsEarly), 2, 2, probe);
        Assert.Equal(probe.Epochs.Min(e => e.Validation!.Loss), result.ValidationLoss);
        Assert.Equal((result.ValidationLoss, result.ValidationAccuracy), await LossAsync(SavedRun.Open(run.Folder), DataPart.Validation, 2));
    }

    private static IEnumerable<long> Cells(EvaluationReport report) =>
        Enumerable.Range(0, 100).Select(i => (long)report.Confusion![i / 10, i % 10]);

    private static async Task<(double? Loss, double? Accuracy)> LossAsync(SavedRun run, DataPart part, int workers)
    {
        EvaluationReport report = await EvaluateAsync(run, part, workers);
        return (report.Values.Loss, report.Values.Accuracy);
    }

    private static Task<EvaluationReport> EvaluateAsync(SavedRun run, DataPart part, int workers) =>
        EvaluationSession.RunAsync(run, part, run.ReadPart(part), workers, CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(60));
}
