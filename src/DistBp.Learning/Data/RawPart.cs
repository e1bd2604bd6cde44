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
