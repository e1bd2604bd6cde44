namespace DistBp.Learning.Kernels;

/// <summary>Softmax over rows, and its cross-entropy, stable: the row's maximum is subtracted first.</summary>
public static class Softmax
{
    /// <summary>y [rows, columns] = exp(x − max) / Σ exp(x − max), row by row; y may be x.</summary>
    public static void Rows(ReadOnlySpan<float> x, Span<float> y, int rows, int columns)
    {
        for (int r = 0; r < rows; r++) _ = Row(x.Slice(r * columns, columns), y.Slice(r * columns, columns), out _);
    }

    /// <summary>
    /// losses [rows] = −log softmax(logits)[label] and dLogits [rows, columns] = softmax(logits) − onehot(label), in one pass over a
    /// row; dLogits may be logits, or empty where only the losses are wanted.
    /// </summary>
    /// <param name="labels">[rows]: class numbers in [0, columns), as floats.</param>
    public static void CrossEntropy(
        ReadOnlySpan<float> logits, ReadOnlySpan<float> labels, Span<float> dLogits, Span<float> losses, int rows, int columns)
    {
        Span<float> spare = dLogits.IsEmpty ? new float[columns] : default;
        for (int r = 0; r < rows; r++)
        {
            ReadOnlySpan<float> row = logits.Slice(r * columns, columns);
            int label = (int)labels[r];
            float target = row[label];
            Span<float> gradient = dLogits.IsEmpty ? spare : dLogits.Slice(r * columns, columns);
            float sum = Row(row, gradient, out float maximum);
            losses[r] = (float)Math.Log(sum) + (maximum - target);
            gradient[label] -= 1;
        }
    }

    private static float Row(ReadOnlySpan<float> x, Span<float> y, out float maximum)
    {
        maximum = float.NegativeInfinity;
        foreach (float value in x) maximum = Math.Max(maximum, value);
        float sum = 0;
        for (int j = 0; j < x.Length; j++) sum += y[j] = (float)Math.Exp(x[j] - maximum);
        for (int j = 0; j < x.Length; j++) y[j] /= sum;
        return sum;
    }
}
