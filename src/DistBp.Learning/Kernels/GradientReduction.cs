using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Kernels;

/// <summary>The way of a gradient from the slices' sums to the optimizer, in as few passes over memory as it allows.</summary>
public static class GradientReduction
{
    /// <summary>destination = a + b, elementwise: one addition of the <see cref="ReductionTree"/>; destination may be a or b.</summary>
    public static void Add(ReadOnlySpan<float> a, ReadOnlySpan<float> b, Span<float> destination)
    {
        for (int i = 0; i < a.Length; i++) destination[i] = a[i] + b[i];
    }

    /// <summary>
    /// mean = (left + right) · (1 / divisor): the tree's last addition and the division by the sample count (by its reciprocal, rounded
    /// once). Returns Σ mean² in the order of <see cref="Reductions.SquaredNorm"/>; NaN or ∞ there tells of one in the gradient.
    /// </summary>
    /// <param name="right">Empty: left alone. mean may be left or right.</param>
    public static double MeanAndNorm(ReadOnlySpan<float> left, ReadOnlySpan<float> right, float divisor, Span<float> mean)
        => MeanAndNorm(left, right, divisor, mean, [], GradientTreatment.None);

    /// <summary>
    /// As above, and between the mean and the norm: + l2 · w + l1 · sign(w), then clamped to [−limit, limit]. A NaN stays NaN.
    /// </summary>
    /// <param name="weights">The parameters w, read where l1 or l2 is not 0; otherwise may be empty.</param>
    public static double MeanAndNorm(
        ReadOnlySpan<float> left, ReadOnlySpan<float> right, float divisor, Span<float> mean, ReadOnlySpan<float> weights,
        GradientTreatment treatment)
        => GradientReference.MeanAndNorm(left, right, divisor, mean, weights, treatment);
}

/// <summary>What is done to the mean gradient of a run of parameters before its norm is taken.</summary>
/// <param name="L2">Adds L2 · w.</param>
/// <param name="L1">Adds L1 · sign(w), sign(0) = 0.</param>
/// <param name="Limit">Elements are clamped to [−Limit, Limit]; ∞: not at all (an infinite element stays infinite).</param>
public readonly record struct GradientTreatment(float L2, float L1, float Limit)
{
    public static GradientTreatment None => new(0, 0, float.PositiveInfinity);
}
