using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// y = x̂ ⊙ weight + bias, x̂ = (x − mean) / √(variance + ε), over the last dimension, for rank 3 over the whole sample: as PyTorch's
/// LayerNorm of that normalized shape. Backward: dbias = Σ dy; dweight = Σ dy ⊙ x̂;
/// dx = (g − mean(g) − x̂ ⊙ mean(g ⊙ x̂)) / √(variance + ε), g = dy ⊙ weight.
/// </summary>
public sealed class LayerNormLayer : Layer
{
    private readonly float _epsilon;
    private readonly int _n;

    /// <summary>Vectors of n elements in a sample.</summary>
    private readonly int _groups;

    internal LayerNormLayer(string name, TensorShape shape, float epsilon)
        : base(name, shape, shape, Describe(Normalized(shape)))
    {
        _epsilon = epsilon;
        _n = Normalized(shape).ElementCount;
        _groups = shape.ElementCount / _n;
    }

    public override int StateLength(int maxRows, int maxSlices) => checked(maxRows * _groups * LayerNormalization.StatisticsLength);

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y) => LayerNormalization.Forward(
        x, pass.Parameter(0), pass.Parameter(1), _epsilon, y, pass.State, pass.Rows.RowCount * _groups, _n);

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        ReadOnlySpan<int> rowStarts = pass.Rows.RowStarts;
        Span<int> starts = stackalloc int[rowStarts.Length];
        for (int i = 0; i < starts.Length; i++) starts[i] = rowStarts[i] * _groups;
        Span<float> dWeight = pass.GradientOf(0), dBias = pass.GradientOf(1);
        if (!dBias.IsEmpty) ColumnSums.Sum(dy, starts, dBias, _n, pass.Workspace);
        LayerNormalization.Backward(x, pass.Parameter(0), pass.State, dy, dx, pass.Rows.RowCount * _groups, _n);
        if (!dWeight.IsEmpty) ColumnSums.Sum(dy, starts, dWeight, _n, pass.Workspace);
    }

    private static TensorShape Normalized(TensorShape shape) => shape.Rank > 2 ? shape : new TensorShape(shape.Rank == 0 ? 1 : shape[shape.Rank - 1]);

    private static ParameterDescription[] Describe(TensorShape shape) =>
    [
        new("weight", shape, ParameterKind.Scale, 1, 1),
        new("bias", shape, ParameterKind.Bias, 1, 1),
    ];
}
