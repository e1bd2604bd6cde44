using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Convolutions;

namespace DistBp.Learning.Layers;

/// <summary>
/// Convolution of pictures [channels, height, width], with the activation f that follows it in the job: y = f(z),
/// z[o, i, j] = b[o] + Σ over c, u, v of W[o, c, u, v] · x[c, i·stride − before + u·dilation, j·stride − before + v·dilation].
/// Backward: dz = dy ⊙ f'(z); dW and db are sums over all windows of dz · x and dz; dx adds up dz · W over the windows that see a pixel.
/// W is [filters, channels / groups, height, width], as in PyTorch.
/// </summary>
public sealed class Conv2dLayer : ActivatedLayer
{
    private readonly ConvolutionGeometry _geometry;

    internal Conv2dLayer(string name, TensorShape inputShape, ConvolutionGeometry geometry, Activation activation)
        : base(name, inputShape, Output(geometry), Describe(geometry), activation) => _geometry = geometry;

    /// <summary>The activation of the layer directly before: its derivative is applied with dx.</summary>
    internal Activation InputActivation { get; init; } = Activation.Identity;

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y) => Convolution.Forward(
        _geometry, x, pass.Parameter(0), pass.Parameter(1), Activation, PreActivation(pass), y, pass.Rows.RowCount, pass.Workspace);

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        ApplyDerivative(pass, y, dy);
        Span<float> dw = pass.GradientOf(0);
        if (!dw.IsEmpty) Convolution.BackwardWeight(_geometry, dy, x, pass.Rows.RowStarts, dw, pass.GradientOf(1), pass.Workspace);
        if (dx.IsEmpty) return;
        int rows = pass.Rows.RowCount;
        ReadOnlySpan<float> inputState = InputActivation == Activation.Gelu ? pass.InputState[..(rows * InputShape.ElementCount)] : [];
        Convolution.BackwardInput(_geometry, dy, pass.Parameter(0), InputActivation, inputState, x, dx, rows, pass.Workspace);
    }

    private static TensorShape Output(ConvolutionGeometry geometry)
        => new(geometry.Filters, geometry.Window.Output.Height, geometry.Window.Output.Width);

    private static ParameterDescription[] Describe(ConvolutionGeometry geometry)
    {
        Plane size = geometry.Window.Size;
        int fanIn = geometry.KernelLength, fanOut = geometry.FiltersOfGroup * size.Area;
        return
        [
            new(
                "weight", new TensorShape(geometry.Filters, geometry.ChannelsOfGroup, size.Height, size.Width), ParameterKind.Weight, fanIn,
                fanOut),
            new("bias", new TensorShape(geometry.Filters), ParameterKind.Bias, fanIn, fanOut),
        ];
    }
}
