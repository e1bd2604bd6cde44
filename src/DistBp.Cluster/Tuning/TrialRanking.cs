namespace DistBp.Cluster.Tuning;

/// <summary>The order of trials from the best to the worst.</summary>
internal static class TrialRanking
{
    /// <summary>
    /// Whole trials by their metric, then pruned ones, those first that got further, then those without a value. Of equals the first.
    /// </summary>
    public static IEnumerable<TrialOutcome> BestFirst(IEnumerable<TrialOutcome> trials, TuningMetric metric) => trials
        .OrderBy(t => t.Status is TrialStatus.Failed ? TrialStatus.Diverged : t.Status)
        .ThenByDescending(t => t.Status == TrialStatus.Pruned ? t.Costs.Length : 0)
        .ThenBy(t => t.Value is { } value && double.IsFinite(value) ? metric.Cost(value) : double.PositiveInfinity)
        .ThenBy(t => t.Trial);

    /// <summary>Null where none has come to its end.</summary>
    public static TrialOutcome? Best(IEnumerable<TrialOutcome> trials, TuningMetric metric) =>
        BestFirst(trials, metric).FirstOrDefault() is { Status: TrialStatus.Completed, Value: { } value } best && double.IsFinite(value) ? best : null;
}
