using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>An elementwise nonlinearity that stands alone: y = f(x), dx = dy ⊙ f'(x).</summary>
public sealed class ActivationLayer : Layer
{
    internal ActivationLayer(string name, TensorShape shape, Activation activation)
        : base(name, shape, shape, []) => Activation = activation;

    public Activation Activation { get; }

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y) => Activations.Apply(Activation, x, y);

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (!dx.IsEmpty) Activations.Backward(Activation, x, y, dy, dx);
    }
}
