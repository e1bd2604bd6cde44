using System.Runtime.InteropServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>Rows of a table by their numbers, which are stored as floats; and the sums of what comes back to them.</summary>
public static unsafe class EmbeddingKernel
{
    // Tokens ahead: a row of a large table is seldom in a cache.
    private const int Ahead = 8;
    private const int LineFloats = 16;

    /// <summary>y [tokens, width]: the table's row of each token.</summary>
    public static void Forward(ReadOnlySpan<float> table, ReadOnlySpan<float> tokens, Span<float> y, int width)
    {
        fixed (float* start = table)
        {
            for (int i = 0; i < tokens.Length; i++)
            {
                if (i + Ahead < tokens.Length) Fetch(start + (nint)tokens[i + Ahead] * width, width);
                table.Slice((int)tokens[i] * width, width).CopyTo(y.Slice(i * width, width));
            }
        }
    }

    /// <summary>
    /// The sum of dy [rows · steps, width] over the tokens of each row of the table: in a slice in the order of the tokens, then along the
    /// <see cref="ReductionTree"/> over the slices that have the token (<see cref="SparseTreeSum"/>).
    /// </summary>
    /// <param name="tokens">[rows · steps]</param>
    /// <param name="lengths">One a row: its tokens that count; empty: all.</param>
    /// <param name="rowStarts">Slices + 1 values.</param>
    public static void Backward(
        ReadOnlySpan<float> tokens, ReadOnlySpan<float> dy, ReadOnlySpan<int> lengths, ReadOnlySpan<int> rowStarts, int steps,
        SparseGradient gradient, MatrixWorkspace workspace)
    {
        int width = gradient.View.Width, slices = rowStarts.Length - 1, waiting = SparseTreeSum.ScratchRows(slices);
        int places = rowStarts[slices] * steps;
        Span<float> scratch = workspace.Scratch(2 * places + rowStarts[slices] + waiting * width);
        Span<long> keys = MemoryMarshal.Cast<float, long>(scratch[..(2 * places)]);
        Span<int> sliceOf = MemoryMarshal.Cast<float, int>(scratch.Slice(2 * places, rowStarts[slices]));
        int count = Keys(tokens, lengths, rowStarts, steps, keys, sliceOf);
        keys[..count].Sort();

        gradient.Clear();
        Span<int> levels = stackalloc int[waiting];
        var sum = new SparseTreeSum(width, scratch[(2 * places + rowStarts[slices])..], levels);
        for (int i = 0; i < count;)
        {
            int row = (int)(keys[i] >> 32);
            sum.Begin();
            for (; i < count && (int)(keys[i] >> 32) == row; i++)
            {
                int place = (int)keys[i];
                sum.Add(sliceOf[place / steps], dy.Slice(place * width, width));
            }
            sum.Total(width).CopyTo(gradient.Append(row));
        }
    }

    /// <summary>The table's row above the token's place: sorted, they stand together by row, in the order of the places.</summary>
    private static int Keys(
        ReadOnlySpan<float> tokens, ReadOnlySpan<int> lengths, ReadOnlySpan<int> rowStarts, int steps, Span<long> keys, Span<int> sliceOf)
    {
        int count = 0;
        for (int slice = 0; slice + 1 < rowStarts.Length; slice++)
        {
            for (int row = rowStarts[slice]; row < rowStarts[slice + 1]; row++)
            {
                sliceOf[row] = slice;
                int length = lengths.IsEmpty ? steps : Math.Min(steps, lengths[row]);
                for (int place = row * steps; place < row * steps + length; place++) keys[count++] = ((long)(int)tokens[place] << 32) | (uint)place;
            }
        }
        return count;
    }

    /// <summary>A row that is needed soon sets out for the second cache.</summary>
    public static void Fetch(ReadOnlySpan<float> row)
    {
        fixed (float* start = row) Fetch(start, row.Length);
    }

    private static void Fetch(float* row, int width)
    {
        for (int i = 0; i < width; i += LineFloats) Prefetching.ToSecond(row + i);
    }
}
