using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>y = the largest pixel of each window; dx = dy there, for the first of equals. Which one it is is looked up again in x.</summary>
public sealed class MaxPool2dLayer : Layer
{
    private readonly WindowGeometry _window;

    internal MaxPool2dLayer(string name, TensorShape inputShape, WindowGeometry window)
        : base(name, inputShape, new TensorShape(inputShape[0], window.Output.Height, window.Output.Width), []) => _window = window;

    /// <summary>
    /// The activation f of the layer directly before: its derivative is taken here, where y = f(z) of the only pixels that get a gradient,
    /// and there are few of them.
    /// </summary>
    internal Activation InputActivation { get; init; } = Activation.Identity;

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
        => Pooling.Max(_window, x, y, pass.Rows.RowCount * InputShape[0]);

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (dx.IsEmpty) return;
        if (InputActivation != Activation.Identity) Activations.Backward(InputActivation, [], y, dy, dy);
        Pooling.MaxBackward(_window, x, dy, dx, pass.Rows.RowCount * InputShape[0]);
    }
}
