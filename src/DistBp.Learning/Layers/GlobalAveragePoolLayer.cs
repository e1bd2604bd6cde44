using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>y[c] = Σ of the channel's pixels / their number (<see cref="Reductions.Sum"/>: in double); dx = dy[c] / number everywhere in it.</summary>
public sealed class GlobalAveragePoolLayer : Layer
{
    private readonly int _pixels;

    internal GlobalAveragePoolLayer(string name, TensorShape inputShape)
        : base(name, inputShape, new TensorShape(inputShape[0]), []) => _pixels = ImageShape.Plane(inputShape).Area;

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
    {
        for (int plane = 0; plane < y.Length; plane++) y[plane] = (float)(Reductions.Sum(x.Slice(plane * _pixels, _pixels)) / _pixels);
    }

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (dx.IsEmpty) return;
        for (int plane = 0; plane < dy.Length; plane++) dx.Slice(plane * _pixels, _pixels).Fill(dy[plane] / _pixels);
    }
}
