using DistBp.Cluster.Actors;
using DistBp.Learning.Data;
using DistBp.Learning.Metrics;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Runs;

/// <param name="Confusion">Null where there are no classes.</param>
public sealed record EvaluationReport(
    DataPart Part, int Samples, MetricValues Values, ConfusionMatrix? Confusion, IReadOnlyList<string>? ClassNames);

/// <summary>Evaluates a saved run on a part of its data: the same actors as in training, with a plan of no steps.</summary>
public static class EvaluationSession
{
    /// <param name="run">Network, parameters and data schema.</param>
    /// <param name="part">Names what is evaluated.</param>
    /// <param name="dataset">The part's samples.</param>
    /// <param name="workers">0: one a core.</param>
    public static async Task<EvaluationReport> RunAsync(SavedRun run, DataPart part, Dataset dataset, int workers, CancellationToken stop)
    {
        TokenCheck.Require(run.Network, dataset);
        int workerCount = workers > 0 ? workers : Environment.ProcessorCount;
        MetricSet metrics = run.Network.Metrics.WithConfusion();
        var memory = new TrainingMemory(run.Job, run.Network, new Dictionary<DataPart, Dataset> { [part] = dataset }) { EvaluationMetrics = metrics };
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
        using var cluster = new LocalCluster(memory, plan, new SilentReporter(), workerCount, servers: 1);
        RunOutcome outcome = await cluster.RunAsync(stop).ConfigureAwait(false);
        double[] sums = [.. outcome.FinalSums[part]];
        return new EvaluationReport(part, dataset.Count, MetricValues.Of(metrics, sums), metrics.ConfusionClasses > 0 ? new ConfusionMatrix(metrics, sums) : null, run.Schema.ClassNames);
    }

    /// <summary>An evaluation makes no steps: there is nothing to tell but its outcome.</summary>
    private sealed class SilentReporter : IRunReporter
    {
        public void OnStepping(MeasureStepping stepping)
        {
        }

        public void OnStep(ReportStep step) => throw new NotSupportedException();

        public void OnEpoch(ReportEpoch epoch) => throw new NotSupportedException();

        public void WriteCheckpoint(WriteCheckpoint checkpoint) => throw new NotSupportedException();

        public Exception Diverged(FailDiverged failure) => throw new NotSupportedException();
    }
}
