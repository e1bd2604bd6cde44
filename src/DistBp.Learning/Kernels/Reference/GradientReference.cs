namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="GradientReduction"/> computes, element by element.</summary>
internal static class GradientReference
{
    public static double MeanAndNorm(
        ReadOnlySpan<float> left, ReadOnlySpan<float> right, float divisor, Span<float> mean, ReadOnlySpan<float> weights,
        GradientTreatment treatment)
    {
        float factor = 1 / divisor;
        for (int i = 0; i < left.Length; i++)
        {
            float g = (right.Length > 0 ? left[i] + right[i] : left[i]) * factor;
            if (treatment.L2 != 0) g = MathF.FusedMultiplyAdd(treatment.L2, weights[i], g);
            if (treatment.L1 != 0) g += weights[i] > 0 ? treatment.L1 : weights[i] < 0 ? -treatment.L1 : 0;
            mean[i] = float.IsFinite(g) ? Math.Clamp(g, -treatment.Limit, treatment.Limit) : g;
        }
        return ReductionReference.SquaredNorm(mean[..left.Length]);
    }
}
