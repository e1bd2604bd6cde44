namespace DistBp.Learning.Kernels;

/// <summary>
/// Mean, variance and the sums of batch normalization's backward over x [rows, channels, positions]. Sums are in double, in the order of
/// <see cref="ChannelSums"/>; each result is rounded once to float.
/// </summary>
public static class BatchStatistics
{
    /// <summary>mean [channels] and biased variance [channels] = Σ (x − mean)² / n; 0 of no rows.</summary>
    /// <param name="sums">[channels], scratch.</param>
    public static void Compute(ReadOnlySpan<float> x, int rows, int positions, Span<float> mean, Span<float> variance, Span<double> sums)
    {
        int channels = mean.Length;
        if (rows == 0)
        {
            mean.Clear();
            variance.Clear();
            return;
        }
        double count = (double)rows * positions;
        ChannelSums.Sum(x, rows, channels, positions, sums);
        for (int c = 0; c < channels; c++) mean[c] = (float)(sums[c] / count);
        ChannelSums.SquaredDistances(x, mean, rows, channels, positions, sums);
        for (int c = 0; c < channels; c++) variance[c] = (float)(sums[c] / count);
    }

    /// <summary>dGain [channels] = Σ dy · (x − mean) / √(variance + ε); dBias [channels] = Σ dy.</summary>
    /// <param name="sums">[channels], scratch.</param>
    public static void Backward(
        ReadOnlySpan<float> dy, ReadOnlySpan<float> x, int rows, int positions, ReadOnlySpan<float> mean, ReadOnlySpan<float> variance,
        double epsilon, Span<float> dGain, Span<float> dBias, Span<double> sums)
    {
        int channels = mean.Length;
        ChannelSums.Sum(dy, rows, channels, positions, sums);
        for (int c = 0; c < channels; c++) dBias[c] = (float)sums[c];
        ChannelSums.Products(dy, x, mean, rows, channels, positions, sums);
        for (int c = 0; c < channels; c++) dGain[c] = (float)(sums[c] * InverseDeviation(variance[c], epsilon));
    }

    /// <summary>1 / √(variance + ε).</summary>
    public static float InverseDeviation(float variance, double epsilon) => (float)(1 / Math.Sqrt(variance + epsilon));
}
