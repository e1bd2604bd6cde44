using DistBp.Learning.Kernels;

namespace DistBp.Learning.Optimizers;

/// <summary>Adam with decoupled weight decay: <see cref="OptimizerKernels.Adamw"/>.</summary>
public sealed class AdamwOptimizer : Optimizer
{
    private readonly AdamwDescription _description;

    internal AdamwOptimizer(AdamwDescription description)
        : base("firstMoment", "secondMoment") => _description = description;

    public override void Update(
        long step, double rate, float gradientScale, Span<float> parameters, ReadOnlySpan<float> gradient,
        ReadOnlySpan<TensorBuffer> state, int stateOffset)
        => OptimizerKernels.Adamw(
            parameters, gradient, state[0].Span.Slice(stateOffset, parameters.Length),
            state[1].Span.Slice(stateOffset, parameters.Length), gradientScale,
            AdamScalars.At(
                step + 1, rate, _description.Beta1, _description.Beta2, _description.Epsilon, _description.WeightDecay));
}
