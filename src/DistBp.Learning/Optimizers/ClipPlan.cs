namespace DistBp.Learning.Optimizers;

/// <summary>What clipping by norms did to one step.</summary>
/// <param name="GlobalNorm">L2 norm of the mean gradient, after regularization and clipping by value, before clipping by norms.</param>
/// <param name="Clipped">True where a norm was above its limit.</param>
/// <param name="IsFinite">False where the gradient has a NaN or an infinite element: the step must not be applied.</param>
public readonly record struct ClipResult(double GlobalNorm, bool Clipped, bool IsFinite);

/// <summary>
/// Clipping by norms as a pure function of the segments' squared norms (0 of a running statistic, which is no gradient), summed in double in the order of the segments: every server
/// computes the same factors, bit for bit, however many there are.
/// </summary>
public static class ClipPlan
{
    // PyTorch's clip_grad_norm_ divides by norm + 1e-6.
    private const double Epsilon = 1e-6;

    /// <summary>
    /// scalePerView [views]: what each parameter's gradient is to be multiplied with. First each parameter alone (parameterNorm), then all
    /// together (globalNorm, of what the first left): factor = min(1, limit / (norm + 1e-6)).
    /// </summary>
    /// <param name="squaredNorms">Of the mean gradient, one a segment.</param>
    /// <param name="present">The numbers of the segments, ascending; those that are left out have no gradient. Empty: all of them.</param>
    public static ClipResult Compute(
        ClipDescription clip, NormSegments segments, ReadOnlySpan<double> squaredNorms, Span<float> scalePerView,
        ReadOnlySpan<int> present = default)
    {
        scalePerView.Fill(1);
        bool clipped = false;
        double total = 0, totalLeft = 0;
        for (int i = 0; i < squaredNorms.Length;)
        {
            int view = segments[present.IsEmpty ? i : present[i]].View;
            double squared = 0;
            for (; i < squaredNorms.Length && segments[present.IsEmpty ? i : present[i]].View == view; i++) squared += squaredNorms[i];
            total += squared;
            double factor = Factor(clip.ParameterNorm, squared);
            clipped |= factor < 1;
            totalLeft += squared * factor * factor;
            scalePerView[view] = (float)factor;
        }
        double globalFactor = Factor(clip.GlobalNorm, totalLeft);
        if (globalFactor < 1)
        {
            clipped = true;
            for (int view = 0; view < scalePerView.Length; view++) scalePerView[view] = (float)(scalePerView[view] * globalFactor);
        }
        return new ClipResult(Math.Sqrt(total), clipped, double.IsFinite(total));
    }

    private static double Factor(double? limit, double squaredNorm)
        => limit is { } norm ? Math.Min(1, norm / (Math.Sqrt(squaredNorm) + Epsilon)) : 1;
}
