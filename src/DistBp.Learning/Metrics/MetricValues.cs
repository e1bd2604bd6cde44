namespace DistBp.Learning.Metrics;

/// <summary>What the sums of a <see cref="MetricSet"/> say; NaN where there was no sample.</summary>
/// <param name="Loss">Mean over the samples.</param>
/// <param name="Accuracy">In [0, 1]; null for values. For several binary outputs: the mean share of right ones.</param>
/// <param name="MeanAbsoluteError">Null for classes.</param>
/// <param name="RootMeanSquaredError">Null for classes.</param>
/// <param name="RSquared">
/// 1 − Σ(y − t)² / Σ(t − t̄)², over all outputs together; null for classes, NaN where the targets do not vary.
/// </param>
public sealed record MetricValues(
    double Loss, long Samples, double? Accuracy, double? MeanAbsoluteError, double? RootMeanSquaredError, double? RSquared)
{
    /// <summary>Share of samples whose class is among the <see cref="MetricSet.Top"/> most probable; null where that is not counted.</summary>
    public double? TopAccuracy { get; init; }

    /// <summary>exp(loss): among how many equally probable classes the network still hesitates; null unless each step of a sequence has a class.</summary>
    public double? Perplexity { get; init; }

    public static MetricValues Of(MetricSet metrics, ReadOnlySpan<double> sums)
    {
        double samples = sums[1], loss = sums[0] / samples;
        if (metrics.IsOfClasses)
        {
            return new MetricValues(loss, (long)samples, sums[2] / samples, null, null, null)
            {
                TopAccuracy = metrics.Top > 0 ? sums[metrics.Count - 1] / samples : null,
                Perplexity = metrics.IsOfSteps ? PortableMath.Exp(loss) : null,
            };
        }
        double variation = sums[5] - sums[4] * sums[4] / samples;
        return new MetricValues(
            loss, (long)samples, null, sums[2] / samples, Math.Sqrt(sums[3] / samples),
            variation > 0 ? 1 - sums[3] / variation : double.NaN);
    }
}
