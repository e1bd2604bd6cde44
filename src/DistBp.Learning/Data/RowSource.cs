namespace DistBp.Learning.Data;

/// <summary>Where each row of a part came from, for messages.</summary>
/// <param name="Path">The file.</param>
/// <param name="Rows">A row's line (CSV, from 1) or its index in the file (tensors, from 0); null: the row's own index.</param>
/// <param name="IsLines">Rows are lines.</param>
/// <param name="StepStarts">[samples + 1]: where the steps of each sample begin, where a row is a step of a sequence; null: a row is a
/// sample.</param>
/// <param name="Files">Each sample's own file; null: all are in <paramref name="Path"/>.</param>
internal sealed record RowSource(string Path, int[]? Rows, bool IsLines, int[]? StepStarts = null, IReadOnlyList<string>? Files = null)
{
    public string Describe(int row)
    {
        if (StepStarts is null) return DescribeSample(row);
        int at = Array.BinarySearch(StepStarts, row), sample = at < 0 ? ~at - 1 : at;
        return $"{DescribeSample(sample)}, step {row - StepStarts[sample]}";
    }

    public string DescribeSample(int row)
    {
        if (Files is not null) return Files[row];
        int number = Rows is null ? row : Rows[row];
        return IsLines ? $"{Path}:{number}" : $"{Path}, sample {number}";
    }
}
