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

/// <summary>Reads all rows of a CSV file into numbers; tells the first few bad fields at once.</summary>
internal sealed class CsvTableReader(CsvRows rows, CsvColumns columns, CsvLabel label, CategoryDictionary classes, bool missingAllowed)
{
    private readonly ProblemCollection _problems = new();

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
                _problems.Add($"The row has {rows.Count} fields and the first row has {columns.ColumnCount}.", Where,
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

    private string Where => $"{rows.Path}:{rows.Line}";

    private float Cell(FeatureColumn column, int index)
    {
        ReadOnlySpan<byte> field = rows[index];
        if (CsvValue.IsMissing(field))
        {
            if (!missingAllowed)
                _problems.Add($"The value of column '{column.Name}' is missing.", Where,
                    "fill it in, or add {impute: mean} to data.preprocess");
            return float.NaN;
        }
        if (column.Categories is { } categories) return categories.Code(rows.Text(index));
        if (!CsvValue.TryNumber(field, out float value))
        {
            _problems.Add($"Column '{column.Name}' has '{Shortened(index)}', which is not a number.", Where,
                $"correct it, add {{oneHot: [{column.Name}]}} to data.preprocess if the column holds words, or leave it out of data.train.features");
        }
        else if (!float.IsFinite(value))
        {
            _problems.Add($"Column '{column.Name}' has '{Shortened(index)}', which is beyond the range of a float.", Where,
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
            _problems.Add($"The label (column '{name}') is missing.", Where, "fill it in or delete the row");
            return 0;
        }
        if (label == CsvLabel.Number)
        {
            if (CsvValue.TryNumber(field, out float value) && float.IsFinite(value)) return value;
            _problems.Add($"The label (column '{name}') is '{Shortened(index)}', which is not a finite number.", Where,
                "correct it; for classes choose the loss softmaxCrossEntropy or binaryCrossEntropy");
            return 0;
        }
        int known = classes.Count;
        int code = classes.Code(rows.Text(index));
        if (label == CsvLabel.KnownClasses && code >= known)
        {
            _problems.Add($"The label (column '{name}') is '{Shortened(index)}', a class that the training data do not have.", Where,
                $"the classes are: {NearestName.List([.. classes.Texts.Take(known)])}");
        }
        return code;
    }

    private string Shortened(int index)
    {
        string field = rows.Text(index);
        return field.Length <= 40 ? field : field[..40] + "…";
    }
}
