using System.Diagnostics;
using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// Where a residual begins: its output is its input, which its end adds again. Backward: dx = dy of the first inner layer + dy of the end.
/// </summary>
public sealed class ResidualBeginLayer : Layer
{
    internal ResidualBeginLayer(string name, string residual, TensorShape shape)
        : base(name, shape, shape, []) => Residual = residual;

    /// <summary>The name of the residual, which is that of its end.</summary>
    public string Residual { get; }

    public override bool IsReshape => true;

    public override bool PassesGradient => false;

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y) => throw new UnreachableException();

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (!dx.IsEmpty) GradientReduction.Add(dy, pass.PartnerState[..dy.Length], dx);
    }
}
