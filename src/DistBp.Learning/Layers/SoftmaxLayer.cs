using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// y = exp(xᵢ) / Σ exp(xⱼ) over the last dimension. Backward, the full Jacobian: dx = y ⊙ (dy − Σ dy·y).
/// As the last layer before softmaxCrossEntropy it would be applied twice; the network refuses that.
/// </summary>
public sealed class SoftmaxLayer : Layer
{
    private readonly int _columns;

    internal SoftmaxLayer(string name, TensorShape shape)
        : base(name, shape, shape, []) => _columns = shape.Rank == 0 ? 1 : shape[shape.Rank - 1];

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
        => Softmax.Rows(x, y, x.Length / _columns, _columns);

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (dx.IsEmpty) return;
        for (int start = 0; start < y.Length; start += _columns)
        {
            ReadOnlySpan<float> yRow = y.Slice(start, _columns), dyRow = dy.Slice(start, _columns);
            Span<float> dxRow = dx.Slice(start, _columns);
            double dot = 0;
            for (int j = 0; j < yRow.Length; j++) dot += (double)dyRow[j] * yRow[j];
            for (int j = 0; j < yRow.Length; j++) dxRow[j] = (float)(yRow[j] * (dyRow[j] - dot));
        }
    }
}
