namespace DistBp.Learning.Benchmarks;

/// <summary>Operands of measured kernels.</summary>
internal static class BenchmarkValues
{
    /// <summary>Spread over (−0.5, 0.5); on cache lines, as in training.</summary>
    public static TensorBuffer Of(int length)
    {
        var buffer = new TensorBuffer(length);
        Span<float> values = buffer.Span;
        for (int i = 0; i < length; i++) values[i] = (float)((i * 0.6180339887 % 1) - 0.5);
        return buffer;
    }
}
