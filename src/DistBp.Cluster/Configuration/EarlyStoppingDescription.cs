namespace DistBp.Cluster.Configuration;

/// <summary>Ends a run when <paramref name="Metric"/> has not improved by more than <paramref name="MinDelta"/> for some epochs.</summary>
/// <param name="Metric">"validationLoss", "validationAccuracy", "trainLoss" or "trainAccuracy"; an accuracy improves upwards.</param>
/// <param name="Patience">Epochs without improvement.</param>
/// <param name="RestoreBest">Whether the run's final parameters are those of the best epoch.</param>
public sealed record EarlyStoppingDescription(string Metric, int Patience, double MinDelta, bool RestoreBest);
