using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>
/// y [T, size]: the rows W[xₜ] of a table for tokens x [T], whole numbers in [0, vocabulary) stored as floats; 0 beyond a sequence's length.
/// Backward: dW[v] = Σ dyₜ over the places t with xₜ = v, of the rows that occur alone (<see cref="EmbeddingKernel.Backward"/>); tokens
/// have no gradient. W is [vocabulary, size], as in PyTorch.
/// </summary>
public sealed class EmbeddingLayer : Layer
{
    private readonly int _steps;
    private readonly int _size;

    internal EmbeddingLayer(string name, TensorShape inputShape, int vocabulary, int size)
        : base(name, inputShape, new TensorShape(inputShape.ElementCount, size), Describe(inputShape.ElementCount, vocabulary, size))
        => (_steps, Vocabulary, _size) = (inputShape.ElementCount, vocabulary, size);

    /// <summary>Tokens are below this.</summary>
    public int Vocabulary { get; }

    public override void Forward(in LayerPass pass, ReadOnlySpan<float> x, Span<float> y)
    {
        ReadOnlySpan<float> table = pass.Parameter(0);
        if (pass.Lengths.IsEmpty)
        {
            EmbeddingKernel.Forward(table, x, y, _size);
            return;
        }
        for (int row = 0; row < pass.Rows.RowCount; row++)
        {
            int length = Math.Min(_steps, pass.Lengths[row]);
            Span<float> yOfRow = y.Slice(row * _steps * _size, _steps * _size);
            EmbeddingKernel.Forward(table, x.Slice(row * _steps, length), yOfRow, _size);
            yOfRow[(length * _size)..].Clear();
        }
    }

    public override void Backward(in LayerPass pass, ReadOnlySpan<float> x, ReadOnlySpan<float> y, Span<float> dy, Span<float> dx)
    {
        if (pass.SparseGradientOf(0) is { } gradient)
            EmbeddingKernel.Backward(x, dy, pass.Lengths, pass.Rows.RowStarts, _steps, gradient, pass.Workspace);
    }

    // A row is one vector of numbers, which all feed the next layer: the variance that initialization gives it depends on its size alone.
    private static ParameterDescription[] Describe(int steps, int vocabulary, int size) =>
        [new("weight", new TensorShape(vocabulary, size), ParameterKind.Weight, size, size) { RowsPerSample = steps }];
}
