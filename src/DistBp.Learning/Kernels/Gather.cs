using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>Picks rows of a matrix.</summary>
public static unsafe class Gather
{
    private const int LineFloats = 16;

    // In cache lines. Where a row begins the processor's own prefetching starts anew, and a row is too short for it to catch up: the
    // beginning of the row to come sets it going. Fetching more than that was slower, whole rows slower than nothing.
    private const int Beginning = 4;

    /// <summary>destination [rowIndices.Length, rowLength]: row i is row rowIndices[i] of source [·, rowLength].</summary>
    public static void Rows(ReadOnlySpan<float> source, ReadOnlySpan<int> rowIndices, Span<float> destination, int rowLength)
    {
        for (int i = 0; i < rowIndices.Length; i++)
        {
            if (i + 1 < rowIndices.Length) FetchBeginning(source.Slice(rowIndices[i + 1] * rowLength, rowLength));
            source.Slice(rowIndices[i] * rowLength, rowLength).CopyTo(destination.Slice(i * rowLength, rowLength));
        }
    }

    private static void FetchBeginning(ReadOnlySpan<float> row)
    {
        fixed (float* start = row)
        {
            for (int i = 0; i < Math.Min(row.Length, Beginning * LineFloats); i += LineFloats) Prefetching.ToSecond(start + i);
        }
    }
}
