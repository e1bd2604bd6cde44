namespace DistBp.Learning.Diagnosis;

/// <summary>What a diagnosis is made from. Figures of a resumed run begin where it was resumed.</summary>
/// <param name="Samples">Sampled steps, oldest first.</param>
/// <param name="FirstLoss">Of the first step, before any update; NaN where it is not known.</param>
/// <param name="FirstGradientNorm">Likewise.</param>
/// <param name="EpochLosses">Mean training loss of each epoch.</param>
/// <param name="EpochGradientNorms">Median of the steps' global gradient norms, of each epoch.</param>
/// <param name="ClipsByNorm">Whether the job clips by globalNorm or parameterNorm.</param>
/// <param name="Batch">Samples of a step.</param>
public sealed record Observations(
    IReadOnlyList<StatisticsSample> Samples, double FirstLoss, double FirstGradientNorm, IReadOnlyList<double> EpochLosses,
    IReadOnlyList<double> EpochGradientNorms, bool ClipsByNorm, int Batch);
