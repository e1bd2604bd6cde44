using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data;

/// <summary>A part as its file has it, before preprocessing.</summary>
/// <param name="Features">A row a sample; where there are lengths a row a step that counts, sample after sample, so that padding takes
/// part in nothing.</param>
/// <param name="Targets">[Count, TargetShape]; null where the target is the input.</param>
/// <param name="Lengths">Steps of each sample; null: samples are no sequences.</param>
internal sealed record RawPart(FeatureTable Features, TensorBuffer? Targets, TensorShape TargetShape, int[]? Lengths = null)
{
    /// <summary>Of samples.</summary>
    public int Count => Lengths?.Length ?? Features.Count;

    /// <summary>Some of the samples, copied, in the given order.</summary>
    public RawPart Select(int[] samples)
    {
        int[] rows = Lengths is null ? samples : RowsOf(samples, Lengths);
        var values = FeatureTable.Allocate(rows.Length, Features.Width, Features.Rows.Path);
        Copy(Features.Values, Features.Width, rows, values);
        RowSource source = Features.Rows with { Rows = [.. rows.Select(row => Features.Rows.Rows is { } own ? own[row] : row)] };
        RawPart part = this with
        {
            Features = Features with { Count = rows.Length, Values = values, Rows = source },
            Lengths = Lengths is null ? null : [.. samples.Select(sample => Lengths[sample])],
        };
        if (Targets is null) return part;
        var targets = FeatureTable.Allocate(samples.Length, TargetShape.ElementCount, Features.Rows.Path);
        Copy(Targets, TargetShape.ElementCount, samples, targets);
        return part with { Targets = targets };
    }

    private static int[] RowsOf(int[] samples, int[] lengths)
    {
        var starts = new int[lengths.Length];
        for (int i = 1; i < lengths.Length; i++) starts[i] = starts[i - 1] + lengths[i - 1];
        return [.. samples.SelectMany(sample => Enumerable.Range(starts[sample], lengths[sample]))];
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
    RawPart?[] Parts, TensorShape SampleShape, Csv.CsvColumns? Csv, IReadOnlyList<string>? ClassNames, int ClassCount)
{
    /// <summary>How sounds become features; null where the data are no sounds.</summary>
    public SpectrogramDescription? Spectrogram { get; init; }
}
