using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Csv;

/// <summary>How the label column is read.</summary>
internal enum CsvLabel
{
    None,
    Number,

    /// <summary>Words, numbered in the order of their appearance.</summary>
    NewClasses,

    /// <summary>Words that training knows; any other is an error.</summary>
    KnownClasses,
}

/// <summary>Reads all rows of a CSV file into numbers; tells the first few kinds of bad fields at once.</summary>
internal sealed class CsvTableReader(CsvRows rows, CsvColumns columns, CsvLabel label, CategoryDictionary classes, bool missingAllowed)
{
    private const string FeaturesKey = "data.train.features";
    private readonly ProblemCollection _problems = new(rows.Path);

    /// <param name="words">The known words of each column of words; null: none yet.</param>
    public CsvTable Read(FeatureColumn[]? words = null)
    {
        FeatureColumn[] features = words
            ?? [.. columns.FeatureNames.Select((n, j) => new FeatureColumn(n, columns.IsText[j] ? new CategoryDictionary() : null))];
        var table = new CsvTable(rows.Path, features, [], [], []);
        while (rows.Read())
        {
            if (rows.Count != columns.ColumnCount)
            {
                _problems.Add($"{rows.Count} fields", rows.Line, $"The row has {Fields(rows.Count)} and the first row has {columns.ColumnCount}.",
                    "write every field, quote fields with commas, and close quotes");
                continue;
            }
            for (int j = 0; j < features.Length; j++) table.Cells.Add(Cell(features[j], columns.FeatureIndices[j]));
            if (label != CsvLabel.None) table.Labels.Add(Label(columns.LabelIndex));
            table.Lines.Add(rows.Line);
        }
        _problems.ThrowIfAny();
        return table;
    }

    private static string Fields(int count) => count == 1 ? "1 field" : $"{count} fields";

    private float Cell(FeatureColumn column, int index)
    {
        ReadOnlySpan<byte> field = rows[index];
        if (CsvValue.IsMissing(field))
        {
            if (!missingAllowed)
                _problems.Add($"missing in {index}", rows.Line, $"The value of column {Named(column, index)} is missing.",
                    $"fill it in, add {{impute: mean}} to data.preprocess, or leave the column out: {FeaturesKey} lists those to use");
            return float.NaN;
        }
        if (column.Categories is { } categories) return categories.Code(rows.Text(index));
        if (!CsvValue.TryNumber(field, out float value))
        {
            _problems.Add($"word in {index}", rows.Line, $"Column {Named(column, index)} has '{Shortened(index)}', which is not a number.",
                CsvValue.HasDecimalComma(field)
                    ? "write numbers with a decimal point and without other signs: 1234.5"
                    : $"correct it, add {{oneHot: [{column.Name}]}} to data.preprocess if the column holds words, or leave it out: {FeaturesKey} lists those to use");
        }
        else if (!float.IsFinite(value))
        {
            _problems.Add($"beyond in {index}", rows.Line, $"Column {Named(column, index)} has '{Shortened(index)}', which is beyond the range of a float.",
                "correct it or scale the column");
        }
        return value;
    }

    private float Label(int index)
    {
        ReadOnlySpan<byte> field = rows[index];
        string name = columns.LabelName ?? "label";
        if (CsvValue.IsMissing(field))
        {
            _problems.Add("missing label", rows.Line, $"The label (column '{name}') is missing.", "fill it in or delete the row");
            return 0;
        }
        if (label == CsvLabel.Number)
        {
            if (CsvValue.TryNumber(field, out float value) && float.IsFinite(value)) return value;
            _problems.Add("word as label", rows.Line, $"The label (column '{name}') is '{Shortened(index)}', which is not a finite number.",
                "correct it; for classes choose the loss softmaxCrossEntropy or binaryCrossEntropy");
            return 0;
        }
        int known = classes.Count;
        int code = classes.Code(rows.Text(index));
        if (label == CsvLabel.KnownClasses && code >= known)
        {
            _problems.Add($"label {code}", rows.Line, $"The label (column '{name}') is '{Shortened(index)}', a class that the training data do not have.",
                $"the classes are: {NearestName.List([.. classes.Texts.Take(known)])}");
        }
        return code;
    }

    /// <summary>A comma at a row's end makes a column without a name.</summary>
    private static string Named(FeatureColumn column, int index) =>
        column.Name.Length > 0 ? $"'{column.Name}'" : $"{index} (which has no name in the header)";

    private string Shortened(int index)
    {
        string field = rows.Text(index);
        return field.Length <= 40 ? field : field[..40] + "…";
    }
}
