using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Softmax over rows, and its cross-entropy, stable: the row's maximum is subtracted first. A row's sum has sixteen lanes in float,
/// combined as those of <see cref="Reductions"/>. A row with NaN or +∞ gives NaN.
/// </summary>
public static unsafe class Softmax
{
    /// <summary>y [rows, columns] = exp(x − max) / Σ exp(x − max), row by row; y may be x.</summary>
    public static void Rows(ReadOnlySpan<float> x, Span<float> y, int rows, int columns)
    {
        Require(x.Length, rows, columns);
        Require(y.Length, rows, columns);
        fixed (float* px = x, py = y)
        {
            var kernel = new SoftmaxKernel(px, null, py, null, rows, columns);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>
    /// losses [rows] = −log softmax(logits)[label] and dLogits [rows, columns] = softmax(logits) − onehot(label), in one pass over a
    /// row; dLogits may be logits, or empty where only the losses are wanted.
    /// </summary>
    /// <param name="labels">[rows]: class numbers in [0, columns), as floats.</param>
    public static void CrossEntropy(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> labels, Span<float> dLogits, Span<float> losses, int rows, int columns)
    {
        Require(logits.Length, rows, columns);
        Require(labels.Length, rows, 1);
        Require(losses.Length, rows, 1);
        if (dLogits.Length > 0) Require(dLogits.Length, rows, columns);
        for (int r = 0; r < rows; r++)
        {
            if (!(labels[r] >= 0 && labels[r] < columns))
                throw new ArgumentOutOfRangeException(nameof(labels), labels[r], $"Row {r} is labelled with no class of 0..{columns - 1}.");
        }
        fixed (float* px = logits, pl = labels, pd = dLogits, po = losses)
        {
            var kernel = new SoftmaxKernel(px, pl, pd, po, rows, columns);
            Widest.Run(ref kernel);
        }
    }

    private static void Require(int length, int rows, int columns)
    {
        if (length < (long)rows * columns) throw new ArgumentException($"{length} elements were given where [{rows}, {columns}] is needed.");
    }
}
