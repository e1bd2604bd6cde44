using DistBp.Learning.Kernels;

namespace DistBp.Learning.Optimizers;

/// <summary>Adam with bias correction: <see cref="OptimizerKernels.Adam"/>.</summary>
public sealed class AdamOptimizer : Optimizer
{
    private readonly AdamDescription _description;

    internal AdamOptimizer(AdamDescription description)
        : base("firstMoment", "secondMoment") => _description = description;

    public override void Update(
        long step, double rate, float gradientScale, Span<float> parameters, ReadOnlySpan<float> gradient,
        ReadOnlySpan<TensorBuffer> state, int stateOffset)
        => OptimizerKernels.Adam(
            parameters, gradient, state[0].Span.Slice(stateOffset, parameters.Length),
            state[1].Span.Slice(stateOffset, parameters.Length), gradientScale,
            AdamScalars.At(
                step + 1, rate, _description.Beta1, _description.Beta2, _description.Epsilon, _description.WeightDecay));
}
