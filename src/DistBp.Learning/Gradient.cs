using DistBp.Learning.Kernels;

namespace DistBp.Learning;

/// <summary>The gradient sum of a network over a subtree of slices: one flat buffer for what is dense, and the touched rows of each table.</summary>
public sealed class Gradient
{
    private readonly ParameterLayout _layout;
    private readonly TensorBuffer _dense;
    private readonly SparseGradient[] _sparse;
    private readonly List<(int Offset, int End, GradientPart Part)> _denseParts = [];

    /// <param name="maxSamples">Of the subtree.</param>
    /// <param name="dense">[layout.DenseCount]; null: made here.</param>
    public Gradient(ParameterLayout layout, int maxSamples, TensorBuffer? dense = null)
    {
        _layout = layout;
        _dense = dense ?? new TensorBuffer(layout.DenseCount);
        _sparse = [.. layout.SparseViews.Select(view => new SparseGradient(view, maxSamples))];
    }

    /// <summary>[layout.DenseCount]</summary>
    public Span<float> Dense => _dense.Span;

    /// <summary>In the order of <see cref="ParameterLayout.SparseViews"/>.</summary>
    public ReadOnlySpan<SparseGradient> Sparse => _sparse;

    /// <summary>False where an element is NaN or infinite.</summary>
    public bool IsFinite => Reductions.AllFinite(Dense) && Array.TrueForAll(_sparse, table => Reductions.AllFinite(table.Values.Span));

    /// <summary>What is of the range [offset, end) of the flat parameter buffer, by reference: without tables the same object in each step.</summary>
    public GradientPart Cut(int offset, int end)
    {
        foreach ((int known, int knownEnd, GradientPart part) in _denseParts)
        {
            if (known == offset && knownEnd == end) return part;
        }
        ReadOnlyMemory<float> dense = _dense.Memory[_layout.DenseOffset(offset).._layout.DenseOffset(end)];
        if (_sparse.Length > 0) return new GradientPart(dense, Array.ConvertAll(_sparse, table => table.Cut(offset, end)));
        _denseParts.Add((offset, end, new GradientPart(dense, [])));
        return _denseParts[^1].Part;
    }
}

/// <summary>The part of a gradient that belongs to a shard.</summary>
/// <param name="Dense">The shard's range of the flat gradient buffer, without the tables.</param>
/// <param name="Sparse">One for each of <see cref="ParameterLayout.SparseViews"/>.</param>
public sealed record GradientPart(ReadOnlyMemory<float> Dense, IReadOnlyList<SparseRows> Sparse)
{
    /// <summary>Of the numbers alone, each of which takes 4.</summary>
    public long ByteCount
    {
        get
        {
            long count = Dense.Length;
            for (int i = 0; i < Sparse.Count; i++) count += Sparse[i].Rows.Length + Sparse[i].Values.Length;
            return count * sizeof(float);
        }
    }
}
