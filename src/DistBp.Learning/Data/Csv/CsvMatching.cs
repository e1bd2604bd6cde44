namespace DistBp.Learning.Data.Csv;

/// <summary>
/// Finds the columns that training knows in another file. Where the training file had a header, the other one must have it too: columns are
/// found by name in any order, and columns that training did not use are ignored. Otherwise they are found by position: all columns, or
/// all but the label (then the features stand in the order of training).
/// </summary>
internal static class CsvMatching
{
    /// <summary>The columns of the file; its label's index is −1 where it has none.</summary>
    /// <exception cref="UserException">A feature is missing, or the label where it is needed.</exception>
    public static CsvColumns Match(CsvRows rows, CsvColumns trained, string? label, bool needsLabel)
    {
        string[] names = [.. rows.First.Select(n => n.Trim())];
        bool namesMatch = trained.HasHeader && (trained.FeatureNames.Any(n => Array.IndexOf(names, n) >= 0)
            || CsvPlanning.LooksLikeHeader(rows));
        CsvColumns columns = namesMatch ? ByName(rows, names, trained, label) : ByPosition(rows, trained, label, needsLabel);
        if (!needsLabel || columns.LabelIndex >= 0) return columns;
        throw new UserException(ErrorKind.Data, $"The column of the label '{label ?? trained.LabelName}' is missing.",
            $"{rows.Path}:{rows.FirstLine}",
            $"{NearestName.Suggestion(label ?? trained.LabelName ?? "", names)}the first row has: {NearestName.List(names)}");
    }

    private static CsvColumns ByName(CsvRows rows, string[] names, CsvColumns trained, string? label)
    {
        rows.SkipHeader();
        if (rows.Second is null)
            throw new UserException(ErrorKind.Data, "The file has a header and no rows.", rows.Path, "give a CSV file with a row a sample");
        string[] missing = [.. trained.FeatureNames.Where(n => Array.IndexOf(names, n) < 0)];
        if (missing.Length > 0)
        {
            throw new UserException(ErrorKind.Data, $"{(missing.Length == 1 ? "A column" : $"{missing.Length} columns")} that training used "
                + $"{(missing.Length == 1 ? "is" : "are")} missing: {NearestName.List(missing)}.",
                $"{rows.Path}:{rows.FirstLine}", $"{NearestName.Suggestion(missing[0], names)}the file has: {NearestName.List(names)}");
        }
        int labelIndex = label is null ? Array.IndexOf(names, trained.LabelName)
            : CsvPlanning.Find(rows, names, label, "label", hasHeader: true);
        return trained with
        {
            ColumnCount = names.Length,
            FeatureIndices = [.. trained.FeatureNames.Select(n => Array.IndexOf(names, n))],
            LabelIndex = labelIndex,
        };
    }

    private static CsvColumns ByPosition(CsvRows rows, CsvColumns trained, string? label, bool needsLabel)
    {
        int count = rows.First.Length;
        if (trained.HasHeader && needsLabel)
        {
            throw new UserException(ErrorKind.Data, "The header is missing, by which the columns are found.",
                $"{rows.Path}:{rows.FirstLine}",
                $"the training file has: {NearestName.List([.. trained.FeatureNames.Append(trained.LabelName ?? "")])}");
        }
        if (CsvPlanning.LooksLikeHeader(rows)) rows.SkipHeader();
        if (count == trained.ColumnCount)
            return label is null || !int.TryParse(label, out int index) || index >= count ? trained : trained with { LabelIndex = index };
        if (count == trained.FeatureNames.Length)
            return trained with { ColumnCount = count, FeatureIndices = [.. Enumerable.Range(0, count)], LabelIndex = -1 };
        string expected = trained.LabelName is null && trained.LabelIndex < 0
            ? $"{trained.ColumnCount}"
            : $"{trained.FeatureNames.Length} features, or {trained.ColumnCount} columns with the label";
        throw new UserException(ErrorKind.Data, $"The first row has {count} fields; training had {expected}.",
            $"{rows.Path}:{rows.FirstLine}",
            trained.HasHeader ? $"give it a header with: {NearestName.List(trained.FeatureNames)}"
                : "give the columns of the training file");
    }
}
