using DistBp.Learning.Encodings;
using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Encodings;

namespace DistBp.Learning;

/// <summary>The gradient sum of a network over a subtree of slices: one flat buffer for what is dense, and the touched rows of each table.</summary>
public sealed class Gradient
{
    private readonly ParameterLayout _layout;
    private readonly TensorBuffer _dense;
    private readonly SparseGradient[] _sparse;
    private readonly EncodedGradient? _encoded;
    private readonly List<(int Offset, int End, GradientPart Part)> _denseParts = [];

    /// <param name="maxSamples">Of the subtree.</param>
    /// <param name="encoding">How servers get it.</param>
    /// <param name="dense">[layout.DenseCount]; null: made here.</param>
    public Gradient(ParameterLayout layout, int maxSamples, GradientEncoding encoding = default, TensorBuffer? dense = null)
    {
        _layout = layout;
        if (!encoding.IsExact) _encoded = new EncodedGradient(encoding, layout.DenseTrainedCount);
        _dense = dense ?? new TensorBuffer(layout.DenseCount);
        _sparse = [.. layout.SparseViews.Select(view => new SparseGradient(view, maxSamples))];
    }

    /// <summary>[layout.DenseCount]</summary>
    public Span<float> Dense => _dense.Span;

    /// <summary>In the order of <see cref="ParameterLayout.SparseViews"/>.</summary>
    public ReadOnlySpan<SparseGradient> Sparse => _sparse;

    /// <summary>False where an element is NaN or infinite.</summary>
    public bool IsFinite => Reductions.AllFinite(Dense) && Array.TrueForAll(_sparse, table => Reductions.AllFinite(table.Values.Span));

    /// <summary>After it was computed: writes what servers get. Nothing to do where they get it as it is.</summary>
    /// <param name="feedback">Settled for the step; null where the encoding keeps no residual.</param>
    /// <param name="samples">In the step's mini-batch.</param>
    public void Encode(ErrorFeedback? feedback, long step, int samples) =>
        _encoded?.Encode(Dense[.._layout.DenseTrainedCount], feedback, step, samples);

    /// <summary>What is of the range [offset, end) of the flat parameter buffer, by reference: without tables the same object in each step.</summary>
    public GradientPart Cut(int offset, int end)
    {
        foreach ((int known, int knownEnd, GradientPart part) in _denseParts)
        {
            if (known == offset && knownEnd == end) return part;
        }
        GradientPart cut = Encoded(offset, end) ?? new GradientPart(_dense.Memory[_layout.DenseOffset(offset).._layout.DenseOffset(end)], []);
        if (_sparse.Length > 0) return cut with { Sparse = Array.ConvertAll(_sparse, table => table.Cut(offset, end)) };
        _denseParts.Add((offset, end, cut));
        return cut;
    }

    private GradientPart? Encoded(int offset, int end)
    {
        if (_encoded is null) return null;
        int trained = _layout.DenseTrainedCount, first = Math.Min(offset, trained), last = Math.Min(end, trained);
        return new GradientPart(_dense.Memory[_layout.DenseOffset(Math.Max(offset, trained)).._layout.DenseOffset(Math.Max(end, trained))], [])
        {
            Encoding = _encoded.Encoding,
            EncodedCount = last - first,
            Code = _encoded.Cut(first, last),
        };
    }
}

/// <summary>The part of a gradient that belongs to a shard.</summary>
/// <param name="Dense">The shard's range of the flat gradient buffer, without the tables and without what <see cref="Code"/> stands for.</param>
/// <param name="Sparse">One for each of <see cref="ParameterLayout.SparseViews"/>.</param>
public sealed record GradientPart(ReadOnlyMemory<float> Dense, IReadOnlyList<SparseRows> Sparse)
{
    /// <summary>Of <see cref="Code"/>.</summary>
    public GradientEncoding Encoding { get; init; }

    /// <summary>Numbers that <see cref="Code"/> stands for: what is trained and dense in the shard, or nothing where it is exact.</summary>
    public int EncodedCount { get; init; }

    /// <summary>Whole blocks, of which the last may be cut. They come before <see cref="Dense"/>.</summary>
    public ReadOnlyMemory<byte> Code { get; init; }

    /// <summary>Of the numbers alone, as they are sent: 4 for each that is not encoded.</summary>
    public long ByteCount
    {
        get
        {
            long count = Dense.Length;
            for (int i = 0; i < Sparse.Count; i++) count += Sparse[i].Rows.Length + Sparse[i].Values.Length;
            return count * sizeof(float) + Code.Length;
        }
    }

    /// <summary>The part's memory, for who receives it: bytes of <see cref="Code"/>, and floats of <see cref="Dense"/>.</summary>
    /// <param name="offset">The shard is [offset, end) of the flat parameter buffer.</param>
    public static (int CodeBytes, int DenseFloats) SizeOf(ParameterLayout layout, GradientEncoding encoding, int offset, int end)
    {
        int dense = layout.DenseOffset(end) - layout.DenseOffset(offset);
        int trained = EncodedIn(layout, encoding, offset, end);
        return (encoding.ByteCount(trained), dense - trained);
    }

    /// <summary>The part as it arrives, of the sizes that <see cref="SizeOf"/> tells.</summary>
    public static GradientPart Of(
        ParameterLayout layout, GradientEncoding encoding, int offset, int end, ReadOnlyMemory<byte> code, ReadOnlyMemory<float> dense,
        IReadOnlyList<SparseRows> sparse)
    {
        (int codeBytes, int denseFloats) = SizeOf(layout, encoding, offset, end);
        if (code.Length != codeBytes || dense.Length != denseFloats)
            throw new ArgumentException($"A gradient of {code.Length} bytes and {dense.Length} floats arrived for {codeBytes} and {denseFloats}.");
        return new GradientPart(dense, sparse) { Encoding = encoding, EncodedCount = EncodedIn(layout, encoding, offset, end), Code = code };
    }

    /// <summary>What is dense from <paramref name="offset"/> on: by reference, or decoded into scratch [count].</summary>
    /// <param name="offset">From the shard's start, in the flat gradient buffer.</param>
    /// <param name="count">The range lies in one block, and either before <see cref="EncodedCount"/> or behind.</param>
    public ReadOnlySpan<float> Read(int offset, int count, Span<float> scratch)
    {
        if (offset >= EncodedCount) return Dense.Span.Slice(offset - EncodedCount, count);
        int block = offset / ParameterLayout.BlockLength * ParameterLayout.BlockLength;
        int length = Math.Min(ParameterLayout.BlockLength, EncodedCount - block);
        BlockCode.Decode(Encoding, Code.Span.Slice(Encoding.ByteCount(block), Encoding.BlockBytes(length)), length, offset - block, scratch[..count]);
        return scratch[..count];
    }

    private static int EncodedIn(ParameterLayout layout, GradientEncoding encoding, int offset, int end) =>
        encoding.IsExact ? 0 : Math.Min(end, layout.DenseTrainedCount) - Math.Min(offset, layout.DenseTrainedCount);
}
