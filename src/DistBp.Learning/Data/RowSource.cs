namespace DistBp.Learning.Data;

/// <summary>Where each row of a part came from, for messages.</summary>
/// <param name="Path">The file.</param>
/// <param name="Rows">A row's line (CSV, from 1) or its index in the file (tensors, from 0); null: the row's own index.</param>
/// <param name="IsLines">Rows are lines.</param>
internal sealed record RowSource(string Path, int[]? Rows, bool IsLines)
{
    public string Describe(int row)
    {
        int number = Rows is null ? row : Rows[row];
        return IsLines ? $"{Path}:{number}" : $"{Path}, sample {number}";
    }
}
