using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Runs;

/// <param name="Confusion">Null where there are no classes.</param>
public sealed record EvaluationReport(
    DataPart Part, int Samples, MetricValues Values, ConfusionMatrix? Confusion, IReadOnlyList<string>? ClassNames)
{
    /// <summary>k of <see cref="MetricValues.TopAccuracy"/>; 0 where there is none.</summary>
    public int Top { get; init; }

    /// <summary>Area under the receiver operating characteristic; null where there are not two classes.</summary>
    public double? RocArea { get; init; }
}

/// <summary>Evaluates a saved run on a part of its data: the same actors as in training, with a plan of no steps.</summary>
public static class EvaluationSession
{
    /// <param name="run">Network, parameters and data schema.</param>
    /// <param name="part">Names what is evaluated.</param>
    /// <param name="dataset">The part's samples.</param>
    /// <param name="workers">0: one a core.</param>
    /// <param name="top">k of the top-k accuracy; none where there are no more classes than that.</param>
    public static async Task<EvaluationReport> RunAsync(
        SavedRun run, DataPart part, Dataset dataset, int workers, CancellationToken stop, int top = 0)
    {
        TokenCheck.Require(run.Network, dataset);
        int workerCount = workers > 0 ? workers : Environment.ProcessorCount;
        MetricSet metrics = run.Network.Metrics.WithConfusion(top);
        float[]? scores = run.Network.HasScores ? new float[dataset.Count] : null;
        // What is evaluated are the exact parameters, however they were sent in training.
        var memory = new TrainingMemory(run.Job with { Wire = WireDescription.Exact }, run.Network, new Dictionary<DataPart, Dataset> { [part] = dataset })
        {
            EvaluationMetrics = metrics,
            Scores = scores,
        };
        run.Parameters.Span.CopyTo(memory.Parameters.Span);
        var plan = new TrainingPlan
        {
            Slices = 1,
            UpdatedCount = run.Network.Parameters.UpdatedCount,
            StepsPerEpoch = 1,
            Epochs = 0,
            Metrics = metrics,
            StartProgress = TrainingProgress.Start(run.Network.Metrics.Count),
            EvaluationSamples = new Dictionary<DataPart, int> { [part] = dataset.Count },
            FinalParts = [part],
            WritesCheckpoints = false,
        };
        var cluster = new LocalCluster(memory, plan, new SilentReporter(), workerCount, servers: 1);
        RunOutcome outcome;
        await using (cluster.ConfigureAwait(false)) outcome = await cluster.RunAsync(stop).ConfigureAwait(false);
        double[] sums = [.. outcome.FinalSums[part]];
        ConfusionMatrix? confusion = metrics.ConfusionClasses > 0 ? new ConfusionMatrix(metrics, sums) : null;
        return new EvaluationReport(part, dataset.Count, MetricValues.Of(metrics, sums), confusion, run.Schema.ClassNames)
        {
            Top = metrics.Top,
            RocArea = scores is null ? null : RocCurve.Area(scores, TargetsOf(dataset)),
        };
    }

    /// <summary>[samples]: only where there is one target a sample.</summary>
    private static float[] TargetsOf(Dataset dataset)
    {
        var targets = new float[dataset.Count];
        dataset.Copy(0, dataset.Count, [], targets);
        return targets;
    }

    /// <summary>An evaluation makes no steps: there is nothing to tell but its outcome.</summary>
    private sealed class SilentReporter : IRunReporter
    {
        public void OnStepping(MeasureStepping stepping)
        {
        }

        public void OnStep(ReportStep step) => throw new NotSupportedException();

        public void OnStatistics(ReportStatistics statistics) => throw new NotSupportedException();

        public void OnSkip(ReportSkip skip) => throw new NotSupportedException();

        public void OnAssignment(Assignment assignment)
        {
        }

        public void OnCopies(ReportCopies copies) => throw new NotSupportedException();

        public void OnLostResiduals(ReportLostResiduals lost) => throw new NotSupportedException();

        public bool OnEpoch(ReportEpoch epoch) => throw new NotSupportedException();

        public void Persist() => throw new NotSupportedException();

        public void WriteCheckpoint(WriteCheckpoint checkpoint) => throw new NotSupportedException();

        public WentBack GoBack(GoBack loss) => throw new NotSupportedException();

        public Exception Diverged(FailDiverged failure) => throw new NotSupportedException();
    }
}
