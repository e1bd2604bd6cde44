using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>y = the mean of each window's pixels; dx adds up dy / size over the windows that see a pixel.</summary>
public sealed class AvgPool2dLayer : Layer
{
    private readonly WindowGeometry _window;

    internal AvgPool2dLayer(string name, TensorShape inputShape, WindowGeometry window)
        : base(name, inputShape, new TensorShape(inputShape[0], window.Output.Height, window.Output.Width), []) => _window = window;

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
        => Pooling.Average(_window, x, y, pass.Rows.RowCount * InputShape[0]);

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (!dx.IsEmpty) Pooling.AverageBackward(_window, dy, dx, pass.Rows.RowCount * InputShape[0]);
    }
}
