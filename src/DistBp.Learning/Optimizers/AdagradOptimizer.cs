using DistBp.Learning.Kernels;

namespace DistBp.Learning.Optimizers;

/// <summary>Adagrad: <see cref="OptimizerKernels.Adagrad"/>.</summary>
public sealed class AdagradOptimizer : Optimizer
{
    private readonly AdagradDescription _description;

    internal AdagradOptimizer(AdagradDescription description)
        : base("squareSum") => _description = description;

    public override float InitialValue(int state) => (float)_description.InitialAccumulator;

    public override void Update(
        long step, double rate, float gradientScale, Span<float> parameters, ReadOnlySpan<float> gradient,
        ReadOnlySpan<TensorBuffer> state, int stateOffset)
        => OptimizerKernels.Adagrad(
            parameters, gradient, state[0].Span.Slice(stateOffset, parameters.Length), gradientScale,
            new AdagradScalars((float)rate, (float)_description.Epsilon, (float)_description.WeightDecay));
}
