namespace DistBp.Learning.Metrics;

/// <summary>How often a sample of each class was taken for each class.</summary>
public sealed class ConfusionMatrix
{
    private readonly long[] _counts;

    /// <param name="metrics">A set made by <see cref="MetricSet.WithConfusion"/>.</param>
    /// <param name="sums">Its sums.</param>
    public ConfusionMatrix(MetricSet metrics, ReadOnlySpan<double> sums)
    {
        ClassCount = metrics.ConfusionClasses;
        _counts = new long[ClassCount * ClassCount];
        for (int i = 0; i < _counts.Length; i++) _counts[i] = (long)sums[MetricSet.ConfusionStart + i];
    }

    public int ClassCount { get; }

    public long this[int actual, int predicted] => _counts[actual * ClassCount + predicted];
}
