using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data;

/// <summary>A part as its file has it, before preprocessing.</summary>
/// <param name="Targets">[Count, TargetShape]; null where the target is the input.</param>
internal sealed record RawPart(FeatureTable Features, TensorBuffer? Targets, TensorShape TargetShape)
{
    /// <summary>Some of the rows, copied, in the given order.</summary>
    public RawPart Select(int[] rows)
    {
        var values = FeatureTable.Allocate(rows.Length, Features.Width, Features.Rows.Path);
        Copy(Features.Values, Features.Width, rows, values);
        RowSource source = Features.Rows with { Rows = [.. rows.Select(row => Features.Rows.Rows is { } own ? own[row] : row)] };
        FeatureTable features = Features with { Count = rows.Length, Values = values, Rows = source };
        if (Targets is null) return this with { Features = features };
        var targets = FeatureTable.Allocate(rows.Length, TargetShape.ElementCount, Features.Rows.Path);
        Copy(Targets, TargetShape.ElementCount, rows, targets);
        return this with { Features = features, Targets = targets };
    }

    private static void Copy(TensorBuffer from, int width, int[] rows, TensorBuffer to)
    {
        for (int i = 0; i < rows.Length; i++) from.Span.Slice(rows[i] * width, width).CopyTo(to.Span.Slice(i * width, width));
    }
}

/// <summary>What reading the training source gives, indexed as <see cref="PartAssignment"/> numbers the parts.</summary>
/// <param name="Parts">Null: not split off.</param>
/// <param name="SampleShape">One sample as in the file.</param>
/// <param name="Csv">The columns of a CSV file.</param>
/// <param name="ClassNames">Null: classes have numbers only.</param>
internal sealed record RawTraining(
    RawPart?[] Parts, TensorShape SampleShape, Csv.CsvColumns? Csv, IReadOnlyList<string>? ClassNames, int ClassCount);
