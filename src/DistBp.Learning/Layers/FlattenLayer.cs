using System.Diagnostics;

namespace DistBp.Learning.Layers;

/// <summary>Each sample becomes one vector, row-major: the same memory under another shape.</summary>
public sealed class FlattenLayer : Layer
{
    internal FlattenLayer(string name, TensorShape inputShape)
        : base(name, inputShape, new TensorShape(inputShape.ElementCount), [])
    {
    }

    public override bool IsReshape => true;

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y) => throw new UnreachableException();

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
        => throw new UnreachableException();
}
