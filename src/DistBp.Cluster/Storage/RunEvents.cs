namespace DistBp.Cluster.Storage;

/// <summary>An update was committed.</summary>
/// <param name="Step">Committed updates so far.</param>
/// <param name="Loss">Mean over the mini-batch, before the update.</param>
/// <param name="GradientNorm">L2, before clipping.</param>
public readonly record struct StepEvent(long Step, int Epoch, double Loss, double LearningRate, double GradientNorm, double SamplesPerSecond);

/// <summary>An epoch was finished; what does not exist is null and left out.</summary>
public readonly record struct EpochEvent(
    int Epoch,
    long Step,
    double TrainLoss,
    double? TrainAccuracy,
    double? ValidationLoss,
    double? ValidationAccuracy,
    double LearningRate,
    double GradientNorm,
    double SamplesPerSecond,
    double Seconds)
{
    /// <summary>Of the gradients' parameters, in mini-batches that they lacked; null where they lack none.</summary>
    public (long Maximum, double Mean)? Staleness { get; init; }

    /// <summary>What early stopping or the schedule decided; "" is left out.</summary>
    public string Note { get; init; } = "";
}
