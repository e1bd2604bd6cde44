namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="LayerNormalization"/> computes for one row, element by element, in its order.</summary>
internal static class LayerNormReference
{
    public static (float Mean, float Factor) Forward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, ReadOnlySpan<float> offset, float epsilon, Span<float> y)
    {
        int n = x.Length;
        Span<float> lanes = stackalloc float[16];
        lanes.Clear();
        for (int i = 0; i < n; i++) lanes[i % 16] += x[i];
        float mean = Total(lanes) / n;
        lanes.Clear();
        for (int i = 0; i < n; i++) lanes[i % 16] = MathF.FusedMultiplyAdd(x[i] - mean, x[i] - mean, lanes[i % 16]);
        float factor = 1 / MathF.Sqrt(Total(lanes) / n + epsilon);
        for (int i = 0; i < n; i++) y[i] = MathF.FusedMultiplyAdd((x[i] - mean) * factor, gain[i], offset[i]);
        return (mean, factor);
    }

    public static void Backward(
        ReadOnlySpan<float> x, ReadOnlySpan<float> gain, float mean, float factor, Span<float> dy, Span<float> dx)
    {
        int n = x.Length;
        Span<float> sums = stackalloc float[16], products = stackalloc float[16];
        sums.Clear();
        products.Clear();
        for (int i = 0; i < n; i++)
        {
            float g = dy[i] * gain[i];
            sums[i % 16] += g;
            products[i % 16] = MathF.FusedMultiplyAdd(g, (x[i] - mean) * factor, products[i % 16]);
        }
        float ofG = Total(sums) / n, ofProducts = Total(products) / n;
        for (int i = 0; i < n; i++)
        {
            float normal = (x[i] - mean) * factor, g = dy[i] * gain[i] - ofG;
            dx[i] = MathF.FusedMultiplyAdd(normal, -ofProducts, g) * factor;
            dy[i] *= normal;
        }
    }

    private static float Total(Span<float> lanes)
    {
        for (int half = 8; half > 0; half /= 2)
        {
            for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
        }
        return lanes[0];
    }
}
