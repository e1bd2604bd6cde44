using DistBp.Learning.Kernels;

namespace DistBp.Learning.Optimizers;

/// <summary>RMSprop (Hinton, 2012): <see cref="OptimizerKernels.Rmsprop"/>.</summary>
public sealed class RmspropOptimizer : Optimizer
{
    private readonly RmspropDescription _description;

    internal RmspropOptimizer(RmspropDescription description)
        : base(description.Momentum != 0 ? ["squareAverage", "momentum"] : ["squareAverage"]) => _description = description;

    public override void Update(
        long step, double rate, float gradientScale, Span<float> parameters, ReadOnlySpan<float> gradient,
        ReadOnlySpan<TensorBuffer> state, int stateOffset)
    {
        Span<float> momentum = StateCount > 1 ? state[1].Span.Slice(stateOffset, parameters.Length) : [];
        OptimizerKernels.Rmsprop(
            parameters, gradient, state[0].Span.Slice(stateOffset, parameters.Length), momentum, gradientScale,
            RmspropScalars.Of(rate, _description.Alpha, _description.Epsilon, _description.Momentum, _description.WeightDecay));
    }
}
