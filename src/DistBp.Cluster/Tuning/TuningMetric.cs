using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Metrics;

namespace DistBp.Cluster.Tuning;

/// <summary>What trials are compared by. Its cost is less for the better one: an accuracy with its sign changed.</summary>
public sealed class TuningMetric(string name)
{
    public static readonly string[] Names = ["validationLoss", "validationAccuracy", "trainLoss", "trainAccuracy"];

    public string Name => name;

    public bool OfValidation { get; } = name.StartsWith("validation", StringComparison.Ordinal);

    public bool OfAccuracy { get; } = name.EndsWith("Accuracy", StringComparison.Ordinal);

    public double Cost(double value) => OfAccuracy ? -value : value;

    /// <summary>NaN where the run has no such figure.</summary>
    internal double Value(EpochFigures epoch)
    {
        MetricValues? values = OfValidation ? epoch.Validation : epoch.Train;
        return (OfAccuracy ? values?.Accuracy : values?.Loss) ?? double.NaN;
    }

    internal double Value(RunResult result) => (OfValidation, OfAccuracy) switch
    {
        (true, true) => result.ValidationAccuracy,
        (true, false) => result.ValidationLoss,
        (false, true) => result.TrainAccuracy,
        (false, false) => result.TrainLoss,
    } ?? double.NaN;
}
