using DistBp.Learning.Kernels;

namespace DistBp.Learning.Optimizers;

/// <summary>Stochastic gradient descent, with momentum and nesterov: <see cref="OptimizerKernels.Sgd"/>.</summary>
public sealed class SgdOptimizer : Optimizer
{
    private readonly SgdDescription _description;

    internal SgdOptimizer(SgdDescription description)
        : base(description.Momentum != 0 ? ["momentum"] : []) => _description = description;

    public override void Update(
        long step, double rate, float gradientScale, Span<float> parameters, ReadOnlySpan<float> gradient,
        ReadOnlySpan<TensorBuffer> state, int stateOffset)
    {
        var scalars = new SgdScalars(
            (float)rate, (float)_description.Momentum, _description.Nesterov, (float)_description.WeightDecay, step == 0);
        Span<float> momentum = StateCount > 0 ? state[0].Span.Slice(stateOffset, parameters.Length) : [];
        OptimizerKernels.Sgd(parameters, gradient, momentum, gradientScale, scalars);
    }
}
