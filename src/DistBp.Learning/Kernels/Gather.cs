namespace DistBp.Learning.Kernels;

/// <summary>Picks rows of a matrix.</summary>
public static class Gather
{
    /// <summary>destination [rowIndices.Length, rowLength]: row i is row rowIndices[i] of source [·, rowLength].</summary>
    public static void Rows(ReadOnlySpan<float> source, ReadOnlySpan<int> rowIndices, Span<float> destination, int rowLength)
    {
        for (int i = 0; i < rowIndices.Length; i++)
            source.Slice(rowIndices[i] * rowLength, rowLength).CopyTo(destination.Slice(i * rowLength, rowLength));
    }
}
