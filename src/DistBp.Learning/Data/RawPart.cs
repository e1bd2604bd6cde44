using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data;

/// <summary>A part as its file has it, before preprocessing.</summary>
/// <param name="Targets">[Count, TargetShape]; null where the target is the input.</param>
internal sealed record RawPart(FeatureTable Features, TensorBuffer? Targets, TensorShape TargetShape);

/// <summary>What reading the training source gives, indexed as <see cref="PartAssignment"/> numbers the parts.</summary>
/// <param name="Parts">Null: not split off.</param>
/// <param name="SampleShape">One sample as in the file.</param>
/// <param name="Csv">The columns of a CSV file.</param>
/// <param name="ClassNames">Null: classes have numbers only.</param>
internal sealed record RawTraining(
    RawPart?[] Parts, TensorShape SampleShape, Csv.CsvColumns? Csv, IReadOnlyList<string>? ClassNames, int ClassCount);
