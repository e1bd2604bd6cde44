using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Csv;

/// <summary>The rows of a CSV file as numbers, before they are divided into parts.</summary>
/// <param name="Cells">[rows, features]; NaN: missing.</param>
/// <param name="Labels">A value or a word's code a row; empty without a label.</param>
/// <param name="Lines">The line of each row.</param>
internal sealed record CsvTable(string Path, FeatureColumn[] Columns, List<float> Cells, List<float> Labels, List<int> Lines)
{
    public int Count => Lines.Count;

    /// <summary>The rows of a part, with their targets.</summary>
    /// <param name="target">From a label to a target.</param>
    public RawPart Part(PartAssignment assignment, int part, Func<float, float> target)
    {
        int[] rows = assignment.RowsOf(part) ?? [.. Enumerable.Range(0, Count)];
        TensorBuffer values = FeatureTable.Allocate(rows.Length, Columns.Length, Path);
        ReadOnlySpan<float> cells = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(Cells);
        for (int i = 0; i < rows.Length; i++)
            cells.Slice(rows[i] * Columns.Length, Columns.Length).CopyTo(values.Span[(i * Columns.Length)..]);
        TensorBuffer? targets = Labels.Count == 0 ? null : new TensorBuffer(rows.Length);
        for (int i = 0; targets is not null && i < rows.Length; i++) targets.Span[i] = target(Labels[rows[i]]);
        var source = new RowSource(Path, [.. rows.Select(r => Lines[r])], IsLines: true);
        return new RawPart(new FeatureTable(rows.Length, Columns, values, source), targets, new TensorShape());
    }
}
