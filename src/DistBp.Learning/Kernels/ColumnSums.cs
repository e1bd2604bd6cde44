using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Kernels;

/// <summary>Sums over the rows of a matrix: the gradient of a bias.</summary>
public static class ColumnSums
{
    /// <summary>
    /// db [n]: the sum along the <see cref="ReductionTree"/> of the slices' column sums of dy [rows, n], each in row order from 0.
    /// </summary>
    /// <param name="rowStarts">Slices + 1 values; an empty slice contributes zeros.</param>
    public static void Sum(ReadOnlySpan<float> dy, ReadOnlySpan<int> rowStarts, Span<float> db, int n, MatrixWorkspace workspace)
        => ProductReference.ColumnSums(dy, rowStarts, db, n);
}
