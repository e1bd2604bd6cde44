using System.Globalization;

namespace DistBp.Learning.Data.Csv;

/// <summary>
/// Decides what the columns of the training file are. The first row is a header where the job names a column by a word (label, features or
/// oneHot); otherwise where none of its fields is a number or missing and the second row has a number.
/// </summary>
internal static class CsvPlanning
{
    public static CsvColumns Plan(CsvRows rows, CsvFile file, IReadOnlyList<PreprocessStep> steps, TargetKind target)
    {
        string[] oneHot = [.. steps.OfType<OneHotStep>().SelectMany(s => s.Columns)];
        if (file.Label is null && target != TargetKind.Input)
        {
            throw new UserException(ErrorKind.Usage, "The column of the label is not named.", "data.train.label",
                $"name it or give its index; the first row has: {NearestName.List(rows.First)}");
        }
        bool hasHeader = oneHot.Concat(file.Features ?? []).Append(file.Label ?? "0").Any(IsWord) || LooksLikeHeader(rows);
        if (hasHeader) rows.SkipHeader();
        string[] names = hasHeader
            ? [.. rows.First.Select(n => n.Trim())]
            : [.. rows.First.Select((_, i) => i.ToString(CultureInfo.InvariantCulture))];
        CheckNames(rows, names, hasHeader);

        int label = file.Label is null ? -1 : Find(rows, names, file.Label, "label", hasHeader);
        int[] features = file.Features is null
            ? [.. Enumerable.Range(0, names.Length).Where(c => c != label)]
            : [.. file.Features.Select(f => Find(rows, names, f, "features", hasHeader))];
        if (features.Length == 0) throw new UserException(ErrorKind.Data, "There is no column but the label.", rows.Path,
            "a sample needs at least one feature");
        if (label >= 0 && features.Contains(label))
            throw new UserException(ErrorKind.Usage, $"The label '{names[label]}' is also a feature: the network would copy it.",
                "data.train.features", "leave it out");
        var isText = new bool[features.Length];
        foreach (string name in oneHot)
        {
            int feature = Array.IndexOf(features, Find(rows, names, name, "oneHot", hasHeader));
            if (feature < 0) throw new UserException(ErrorKind.Usage, $"oneHot: the column '{name}' is not a feature.", "data.preprocess",
                "leave it out of oneHot");
            isText[feature] = true;
        }
        return new CsvColumns(hasHeader, names.Length, features, [.. features.Select(f => names[f])], isText, label,
            label < 0 ? null : names[label]);
    }

    /// <summary>No field of the first row is a number or missing, and some field of the second is a number.</summary>
    public static bool LooksLikeHeader(CsvRows rows) =>
        !rows.First.Any(f => CsvValue.IsMissing(f) || CsvValue.TryNumber(f, out _))
        && (rows.Second?.Any(f => CsvValue.TryNumber(f, out _)) ?? false);

    /// <summary>By name first, then by 0-based index.</summary>
    public static int Find(CsvRows rows, string[] names, string wanted, string key, bool hasHeader)
    {
        int at = Array.IndexOf(names, wanted);
        if (at >= 0) return at;
        if (int.TryParse(wanted, NumberStyles.None, CultureInfo.InvariantCulture, out int index))
        {
            if (index < names.Length) return index;
            throw new UserException(ErrorKind.Data, $"{key}: there is no column {index}; the columns are 0 to {names.Length - 1}.",
                $"{rows.Path}:{rows.FirstLine}", "indices start at 0");
        }
        string remedy = hasHeader ? $"its columns are: {NearestName.List(names)}" : "the file has no header: give the column's index";
        throw new UserException(ErrorKind.Data, $"{key}: there is no column '{wanted}'.", $"{rows.Path}:{rows.FirstLine}",
            NearestName.Suggestion(wanted, names) + remedy);
    }

    private static bool IsWord(string name) => !int.TryParse(name, NumberStyles.None, CultureInfo.InvariantCulture, out _);

    private static void CheckNames(CsvRows rows, string[] names, bool hasHeader)
    {
        if (hasHeader && rows.Second is null)
            throw new UserException(ErrorKind.Data, "The file has a header and no rows.", rows.Path, "give a CSV file with a row a sample");
        string? twice = names.GroupBy(n => n, StringComparer.Ordinal).FirstOrDefault(g => g.Count() > 1)?.Key;
        if (twice is null) return;
        int[] at = [.. Enumerable.Range(0, names.Length).Where(i => names[i] == twice)];
        throw new UserException(ErrorKind.Data, $"The header has '{twice}' {at.Length} times (columns {string.Join(", ", at)}).",
            $"{rows.Path}:{rows.FirstLine}", "give every column its own name");
    }
}
