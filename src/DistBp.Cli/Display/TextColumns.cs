namespace DistBp.Cli.Display;

/// <summary>Rows of cells under each other, as plain text for people and pipes.</summary>
internal static class TextColumns
{
    private const string Gap = "  ";

    /// <param name="rows">All with as many cells as <paramref name="rightAligned"/> has.</param>
    /// <param name="indent">Written before each row.</param>
    public static void Write(TextWriter output, IReadOnlyList<string[]> rows, IReadOnlyList<bool> rightAligned, string indent = "")
    {
        int[] widths = [.. rightAligned.Select((_, column) => rows.Max(r => r[column].Length))];
        foreach (string[] row in rows)
        {
            IEnumerable<string> cells = row.Select((cell, i) => rightAligned[i] ? cell.PadLeft(widths[i]) : cell.PadRight(widths[i]));
            output.WriteLine((indent + string.Join(Gap, cells)).TrimEnd());
        }
    }
}
