namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="OptimizerKernels"/> computes, element by element.</summary>
internal static class OptimizerReference
{
    public static void Sgd(Span<float> p, ReadOnlySpan<float> gradient, Span<float> b, float scale, SgdScalars s)
    {
        for (int i = 0; i < p.Length; i++)
        {
            float g = MathF.FusedMultiplyAdd(s.WeightDecay, p[i], scale * gradient[i]);
            if (s.Momentum != 0)
            {
                b[i] = s.First ? g : MathF.FusedMultiplyAdd(s.Momentum, Kept(b[i], OptimizerSteps.TinyState), g);
                g = s.Nesterov ? MathF.FusedMultiplyAdd(s.Momentum, b[i], g) : b[i];
            }
            p[i] = MathF.FusedMultiplyAdd(-s.Rate, g, p[i]);
        }
    }

    public static void Adagrad(Span<float> p, ReadOnlySpan<float> gradient, Span<float> sum, float scale, AdagradScalars s)
    {
        for (int i = 0; i < p.Length; i++)
        {
            float g = MathF.FusedMultiplyAdd(s.WeightDecay, p[i], scale * gradient[i]);
            sum[i] = MathF.FusedMultiplyAdd(g, g, sum[i]);
            p[i] = MathF.FusedMultiplyAdd(-s.Rate, g / (MathF.Sqrt(sum[i]) + s.Epsilon), p[i]);
        }
    }

    public static void Rmsprop(
        Span<float> p, ReadOnlySpan<float> gradient, Span<float> square, Span<float> b, float scale, RmspropScalars s)
    {
        for (int i = 0; i < p.Length; i++)
        {
            float g = MathF.FusedMultiplyAdd(s.WeightDecay, p[i], scale * gradient[i]);
            float large = Kept(g, OptimizerSteps.TinyGradient);
            square[i] = MathF.FusedMultiplyAdd(s.OneMinusAlpha * large, large, s.Alpha * Kept(square[i], OptimizerSteps.TinyState));
            float u = g / (MathF.Sqrt(square[i]) + s.Epsilon);
            if (s.Momentum != 0) u = b[i] = MathF.FusedMultiplyAdd(s.Momentum, Kept(b[i], OptimizerSteps.TinyState), u);
            p[i] = MathF.FusedMultiplyAdd(-s.Rate, u, p[i]);
        }
    }

    public static void Adam(
        Span<float> p, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, float scale, AdamScalars s)
    {
        for (int i = 0; i < p.Length; i++)
            p[i] = Moved(p[i], MathF.FusedMultiplyAdd(s.WeightDecay, p[i], scale * gradient[i]), ref first[i], ref second[i], s);
    }

    public static void Adamw(
        Span<float> p, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, float scale, AdamScalars s)
    {
        for (int i = 0; i < p.Length; i++) p[i] = Moved(s.Shrink * p[i], scale * gradient[i], ref first[i], ref second[i], s);
    }

    private static float Moved(float p, float g, ref float m, ref float v, AdamScalars s)
    {
        m = MathF.FusedMultiplyAdd(s.OneMinusBeta1, g, s.Beta1 * Kept(m, OptimizerSteps.TinyState));
        float large = Kept(g, OptimizerSteps.TinyGradient);
        v = MathF.FusedMultiplyAdd(s.OneMinusBeta2 * large, large, s.Beta2 * Kept(v, OptimizerSteps.TinyState));
        return MathF.FusedMultiplyAdd(-s.StepSize, m / MathF.FusedMultiplyAdd(MathF.Sqrt(v), s.SecondFactor, s.Epsilon), p);
    }

    /// <summary>x, or 0 where it is too small to count (see <see cref="OptimizerSteps.TinyState"/>).</summary>
    private static float Kept(float x, float least) => MathF.Abs(x) < least ? 0 : x;
}
