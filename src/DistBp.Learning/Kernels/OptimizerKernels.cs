using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// One update of a run of parameters, in place and elementwise (so sharding cannot change it). The formulas are PyTorch 1.13's. All
/// spans are as long as the parameters; g = gradientScale · gradient, gradientScale being the clip factor (1: not clipped).
/// </summary>
public static unsafe class OptimizerKernels
{
    /// <summary>
    /// g += weightDecay · p; momentum: b = momentum · b + g (first step: b = g), then g = b, with nesterov g += momentum · b;
    /// p −= rate · g.
    /// </summary>
    /// <param name="momentum">b; empty where scalars.Momentum is 0.</param>
    public static void Sgd(
        Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> momentum, float gradientScale, SgdScalars scalars)
    {
        Require(gradient.Length, parameters.Length);
        if (scalars.Momentum != 0) Require(momentum.Length, parameters.Length);
        fixed (float* p = parameters, g = gradient, p0 = momentum)
            Run(new OptimizerSteps.Sgd(p, g, p0, gradientScale, scalars), parameters.Length);
    }

    /// <summary>g += weightDecay · p; s += g²; p −= rate · g / (√s + ε). (Duchi, Hazan, Singer, JMLR 2011.)</summary>
    public static void Adagrad(
        Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> sum, float gradientScale, AdagradScalars scalars)
    {
        Require(gradient.Length, parameters.Length);
        Require(sum.Length, parameters.Length);
        fixed (float* p = parameters, g = gradient, p0 = sum)
            Run(new OptimizerSteps.Adagrad(p, g, p0, gradientScale, scalars), parameters.Length);
    }

    /// <summary>
    /// g += weightDecay · p; s = α · s + (1 − α) · g²; u = g / (√s + ε); momentum: b = momentum · b + u, then u = b; p −= rate · u.
    /// </summary>
    /// <param name="momentum">b, at first 0; empty where scalars.Momentum is 0.</param>
    public static void Rmsprop(
        Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> square, Span<float> momentum, float gradientScale,
        RmspropScalars scalars)
    {
        Require(gradient.Length, parameters.Length);
        Require(square.Length, parameters.Length);
        if (scalars.Momentum != 0) Require(momentum.Length, parameters.Length);
        fixed (float* p = parameters, g = gradient, p0 = square, p1 = momentum)
            Run(new OptimizerSteps.Rmsprop(p, g, p0, p1, gradientScale, scalars), parameters.Length);
    }

    /// <summary>
    /// g += weightDecay · p; m = β1 · m + (1 − β1) · g; v = β2 · v + (1 − β2) · g²;
    /// p −= rate/(1 − β1ᵗ) · m / (√v/√(1 − β2ᵗ) + ε). (Kingma, Ba, ICLR 2015.)
    /// </summary>
    public static void Adam(
        Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, float gradientScale,
        AdamScalars scalars)
    {
        Require(gradient.Length, parameters.Length);
        Require(first.Length, parameters.Length);
        Require(second.Length, parameters.Length);
        fixed (float* p = parameters, g = gradient, p0 = first, p1 = second)
            Run(new AdamPass(p, g, p0, p1, gradientScale, scalars, decoupled: false, parameters.Length));
    }

    /// <summary>As Adam without the decay of g, but first p *= 1 − rate · weightDecay. (Loshchilov, Hutter, ICLR 2019.)</summary>
    public static void Adamw(
        Span<float> parameters, ReadOnlySpan<float> gradient, Span<float> first, Span<float> second, float gradientScale,
        AdamScalars scalars)
    {
        Require(gradient.Length, parameters.Length);
        Require(first.Length, parameters.Length);
        Require(second.Length, parameters.Length);
        fixed (float* p = parameters, g = gradient, p0 = first, p1 = second)
            Run(new AdamPass(p, g, p0, p1, gradientScale, scalars, decoupled: true, parameters.Length));
    }

    private static void Run<TStep>(TStep step, int length)
        where TStep : struct, IElementwise
    {
        var kernel = new Elementwise<TStep>(step, length);
        Widest.Run(ref kernel);
    }

    private static void Run(AdamPass pass) => Widest.Run(ref pass);

    private static void Require(int length, int parameters)
    {
        if (length < parameters) throw new ArgumentException($"{length} elements were given for {parameters} parameters.");
    }
}
