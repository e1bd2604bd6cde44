namespace DistBp.Learning.Kernels.Reference;

/// <summary>Batch normalization of one slice x [rows, channels, positions] in double, by the formulas of the paper.</summary>
internal static class BatchNormalizationReference
{
    public static (double[] Mean, double[] Variance) Statistics(ReadOnlySpan<float> x, int rows, int channels, int positions)
    {
        double[] mean = new double[channels], variance = new double[channels];
        for (int i = 0; i < rows * channels * positions; i++) mean[Channel(i)] += x[i] / ((double)rows * positions);
        for (int i = 0; i < rows * channels * positions; i++)
        {
            double d = x[i] - mean[Channel(i)];
            variance[Channel(i)] += d * d / ((double)rows * positions);
        }
        return (mean, variance);

        int Channel(int i) => i / positions % channels;
    }

    /// <summary>y, and for dy the gradients of gain, bias and x.</summary>
    public static (double[] Y, double[] DGain, double[] DBias, double[] Dx) Pass(
        ReadOnlySpan<float> x, ReadOnlySpan<float> dy, ReadOnlySpan<float> gain, ReadOnlySpan<float> bias, int rows, int channels,
        int positions, double epsilon)
    {
        (double[] mean, double[] variance) = Statistics(x, rows, channels, positions);
        int count = rows * channels * positions;
        double n = (double)rows * positions;
        double[] y = new double[count], dx = new double[count], dGain = new double[channels], dBias = new double[channels], xHat = new double[count];
        for (int i = 0; i < count; i++)
        {
            int c = i / positions % channels;
            xHat[i] = (x[i] - mean[c]) / Math.Sqrt(variance[c] + epsilon);
            y[i] = gain[c] * xHat[i] + bias[c];
            dGain[c] += dy[i] * xHat[i];
            dBias[c] += dy[i];
        }
        for (int i = 0; i < count; i++)
        {
            int c = i / positions % channels;
            dx[i] = gain[c] / Math.Sqrt(variance[c] + epsilon) * (dy[i] - dBias[c] / n - xHat[i] * dGain[c] / n);
        }
        return (y, dGain, dBias, dx);
    }
}
