using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// Where a residual ends: y = x + what went into its beginning. Backward: dx = dy, which is also kept until the beginning adds it.
/// </summary>
public sealed class ResidualEndLayer : Layer
{
    internal ResidualEndLayer(string name, TensorShape shape)
        : base(name, shape, shape, [])
    {
    }

    public override int StateLength(int maxRows, int maxSlices) => checked(maxRows * InputShape.ElementCount);

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
        => GradientReduction.Add(pass.PartnerInput, x, y);

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (dx.IsEmpty) return;
        dy.CopyTo(pass.State);
        dy.CopyTo(dx);
    }
}
