using System.Globalization;
using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Csv;

/// <summary>Reads CSV files into raw parts.</summary>
internal static class CsvSource
{
    /// <summary>In so few rows each may well have a class of its own.</summary>
    private const int MostRowsOfOwnClass = 50;

    public static RawTraining ReadTraining(CsvFile file, DataDescription data, TargetKind target, int seed, string baseFolder)
    {
        using CsvRows rows = CsvRows.Open(DataFile.Resolve(file.Path, baseFolder));
        CsvColumns columns = CsvPlanning.Plan(rows, file, data.Preprocess, target);
        var classes = new CategoryDictionary();
        CsvLabel label = target switch
        {
            TargetKind.Input => CsvLabel.None,
            TargetKind.Values => CsvLabel.Number,
            _ => CsvLabel.NewClasses,
        };
        CsvTable table = new CsvTableReader(rows, columns, label, classes, data.Preprocess.Any(s => s is ImputeStep)).Read();
        string[]? names = label == CsvLabel.NewClasses ? CategoryDictionary.InOrder(classes.Texts) : null;
        if (names is not null) CheckClasses(names, table.Count, target, rows.Path, columns.LabelName!);

        float[] positions = [.. classes.Texts.Select(t => (float)Array.IndexOf(names!, t))];
        var assignment = PartAssignment.Create(table.Count, data, seed, rows.Path);
        RawPart?[] parts = [.. assignment.Counts.Select((count, part) =>
            count == 0 ? null : table.Part(assignment, part, y => names is null ? y : positions[(int)y]))];
        return new RawTraining(parts, new TensorShape(columns.FeatureNames.Length), columns, names, names?.Length ?? 0);
    }

    /// <summary>All rows as one part, by the columns and classes of training.</summary>
    /// <param name="features">With the words that training knows.</param>
    public static RawPart ReadAll(
        string path, string? label, CsvColumns trained, FeatureColumn[] features, TargetKind target, IReadOnlyList<string> classNames,
            bool missingAllowed)
    {
        using CsvRows rows = CsvRows.Open(path);
        CsvColumns columns = CsvMatching.Match(rows, trained, label, needsLabel: target != TargetKind.Input);
        var classes = new CategoryDictionary();
        foreach (string name in classNames) classes.Code(name);
        CsvLabel kind = target switch
        {
            TargetKind.Input => CsvLabel.None,
            TargetKind.Values => CsvLabel.Number,
            _ => CsvLabel.KnownClasses,
        };
        CsvTable table = new CsvTableReader(rows, columns, kind, classes, missingAllowed).Read(features);
        return table.Part(PartAssignment.Whole(table.Count), PartAssignment.Train, y => y);
    }

    private static void CheckClasses(string[] names, int rowCount, TargetKind target, string path, string label)
    {
        string? fractional = names.All(n => CsvValue.TryNumber(n, out _))
            ? names.FirstOrDefault(n => CsvValue.TryNumber(n, out float value) && value != MathF.Floor(value))
            : null;
        if (target == TargetKind.Classes && fractional is not null)
        {
            throw new UserException(ErrorKind.Data, $"The label '{label}' has numbers such as {fractional}, which are values and not classes.", path,
                "choose the loss meanSquaredError or huber");
        }
        if (names.Length == rowCount && rowCount > MostRowsOfOwnClass)
        {
            throw new UserException(ErrorKind.Data, $"Each of the {rowCount} rows has its own label in column '{label}'.", path,
                "name the column of the classes, not that of an identifier; for values choose the loss meanSquaredError or huber");
        }
        if (names.Length < 2)
            throw new UserException(ErrorKind.Data, $"All labels (column '{label}') are '{names[0]}': there is nothing to tell apart.",
                path, "check the label's column");
        if (target == TargetKind.Binary && names.Length > 2)
        {
            throw new UserException(ErrorKind.Data,
                $"The label '{label}' has {names.Length.ToString(CultureInfo.InvariantCulture)} classes and binaryCrossEntropy takes 2: {NearestName.List(names, 6)}.",
                path, "choose the loss softmaxCrossEntropy");
        }
    }
}
