using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="Softmax"/> computes, element by element, in its order.</summary>
internal static class SoftmaxReference
{
    /// <returns>The row's loss; 0 without a label.</returns>
    public static float Row(ReadOnlySpan<float> x, int? label, Span<float> y)
    {
        float maximum = float.NegativeInfinity;
        foreach (float value in x) maximum = value > maximum ? value : maximum;
        float target = label is { } chosen ? x[chosen] : 0;
        Span<float> lanes = stackalloc float[16];
        lanes.Clear();
        for (int j = 0; j < x.Length; j++) lanes[j % 16] += y[j] = Elementary<float, SimdScalar>.Exp(x[j] - maximum);
        for (int half = 8; half > 0; half /= 2)
        {
            for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
        }
        for (int j = 0; j < x.Length; j++) y[j] /= lanes[0];
        if (label is not { } correct) return 0;
        y[correct] -= 1;
        return Elementary<float, SimdScalar>.Log(lanes[0]) + (maximum - target);
    }
}
