using System.Text.Json.Serialization;

namespace DistBp.Cluster.Tuning;

public enum TrialStatus
{
    [JsonStringEnumMemberName("completed")]
    Completed,

    /// <summary>Ended early, being worse than half of the trials before it.</summary>
    [JsonStringEnumMemberName("pruned")]
    Pruned,

    /// <summary>A loss or gradient that was not finite.</summary>
    [JsonStringEnumMemberName("diverged")]
    Diverged,

    /// <summary>Its settings make no job together.</summary>
    [JsonStringEnumMemberName("failed")]
    Failed,
}

/// <summary>What came out of a trial: one line of trials.jsonl.</summary>
/// <param name="Trial">From 1.</param>
/// <param name="Settings">What it set, by path, in YAML.</param>
/// <param name="Point">The same in the numbers of the search.</param>
/// <param name="Value">Of the metric: the mean over the folds where there are any, of a pruned trial its best; null where there is none.</param>
/// <param name="Deviation">Standard deviation over the folds.</param>
/// <param name="Folds">The metric of each fold.</param>
/// <param name="Epochs">Trained, over all folds.</param>
/// <param name="Costs">Best cost so far at each epoch's end, see <see cref="TuningMetric"/>.</param>
/// <param name="Reason">Why it was pruned, diverged or failed.</param>
/// <param name="WeightsSha256">Of its final parameters, where there is one run.</param>
public sealed record TrialOutcome(
    int Trial, IReadOnlyDictionary<string, string> Settings, double[] Point, TrialStatus Status, double? Value, double? Deviation,
    double[]? Folds, int Epochs, double[] Costs, double Seconds, string? Reason, string? WeightsSha256);
