using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Each row by itself to mean 0 and variance 1, then a gain and an offset an element (Ba, Kiros, Hinton, "Layer Normalization", 2016).
/// A row's sums have sixteen lanes in float, combined as those of <see cref="Reductions"/>.
/// </summary>
public static unsafe class LayerNormalization
{
    /// <summary>Floats of a row's statistics: its mean and 1 / √(variance + ε).</summary>
    public const int StatisticsLength = 2;

    /// <summary>
    /// y [rows, n] = x̂ ⊙ gain + offset, x̂ = (x − mean) / √(variance + ε); the variance is that of the row as a whole population.
    /// </summary>
    /// <param name="gain">[n].</param>
    /// <param name="offset">[n].</param>
    /// <param name="statistics">[rows, 2], for <see cref="Backward"/>.</param>
    public static void Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> offset, float epsilon, Span<float> y, Span<float> statistics,
        int rows, int n)
    {
        Require(x.Length, rows, n);
        Require(y.Length, rows, n);
        Require(gain.Length, 1, n);
        Require(offset.Length, 1, n);
        Require(statistics.Length, rows, StatisticsLength);
        fixed (float* px = x, pg = gain, po = offset, py = y, ps = statistics)
        {
            var kernel = new LayerNormKernel(px, pg, po, epsilon, py, ps, rows, n);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>
    /// dx [rows, n] = (g − mean of g − x̂ ⊙ mean of g ⊙ x̂) / √(variance + ε), g = dy ⊙ gain; and dy becomes dy ⊙ x̂, whose column sums are
    /// the gradient of the gain.
    /// </summary>
    /// <param name="statistics">As forward left them.</param>
    /// <param name="dx">Empty where it is not wanted.</param>
    public static void Backward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> statistics, Span<float> dy, Span<float> dx, int rows, int n)
    {
        Require(x.Length, rows, n);
        Require(dy.Length, rows, n);
        Require(gain.Length, 1, n);
        Require(statistics.Length, rows, StatisticsLength);
        if (dx.Length > 0) Require(dx.Length, rows, n);
        fixed (float* px = x, pg = gain, ps = statistics, pdy = dy, pdx = dx)
        {
            var kernel = new LayerNormBackwardKernel(px, pg, ps, pdy, pdx, rows, n);
            Widest.Run(ref kernel);
        }
    }

    private static void Require(int length, int rows, int columns)
    {
        if (length < (long)rows * columns) throw new ArgumentException($"{length} elements were given where [{rows}, {columns}] is needed.");
    }
}
