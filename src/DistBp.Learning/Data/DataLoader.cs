using DistBp.Learning.Data.Csv;
using DistBp.Learning.Data.Digits;
using DistBp.Learning.Data.Preprocessing;
using DistBp.Learning.Data.Sequences;
using DistBp.Learning.Data.Shards;
using DistBp.Learning.Data.Tensors;
using DistBp.Learning.Data.Text;
using DistBp.Learning.Data.Wav;

namespace DistBp.Learning.Data;

/// <summary>Reads a job's data: files, then parts, then preprocessing fitted on the training part alone and applied to all.</summary>
public static class DataLoader
{
    /// <param name="target">What the loss needs; <see cref="DataDescription.TargetIsInput"/> makes it
    /// <see cref="TargetKind.Input"/>.</param>
    /// <param name="seed">The job's: it decides the split.</param>
    /// <param name="baseFolder">Where relative paths start: the job file's folder.</param>
    /// <param name="fold">Null, or what takes the place of the validation part that the job describes.</param>
    /// <param name="locate">Where files of shards lie; null: in their folders.</param>
    /// <exception cref="UserException">Bad data or an impossible description.</exception>
    public static TrainingData Load(
        DataDescription data, TargetKind target, int seed, string baseFolder, Fold? fold = null, ShardLocator? locate = null)
    {
        if (data.TargetIsInput) target = TargetKind.Input;
        if (fold is not null && data.Format == DataFormat.Text)
            throw Usage("A text is not cut into folds: its parts are contiguous.", "data.format", "use data.validation");
        if (fold is not null && data.Format == DataFormat.Shards)
            throw Usage("Shards are not cut into folds.", "data.format", "use data.validation, or cross-validate on the files that they were made from");
        if (fold is not null) data = data with { Validation = null };
        if (data is { Format: DataFormat.Text, Train: TextFile text }) return TextSource.Load(text, data, target, baseFolder);
        if (data is { Format: DataFormat.Shards, Train: ShardFolder shards }) return ShardSource.Load(shards, data, target, baseFolder, locate);
        RawTraining raw = Read(data, target, seed, baseFolder);
        if (fold is not null) raw = fold.Split(raw, target, seed);
        RawPart train = raw.Parts[PartAssignment.Train]!;
        (FittedStep[] steps, FeatureTable features) = StepFitting.Fit(data.Preprocess, train.Features, TargetsOfRows(train, target), target);
        DataSchema schema = DataSchema.Create(data, target, raw, steps, features);

        return new TrainingData(
            schema.Finish(train with { Features = features }),
            fold is not null ? schema.Preprocess(raw.Parts[PartAssignment.Validation]!)
                : Part(data.Validation, raw.Parts[PartAssignment.Validation]),
            Part(data.Test, raw.Parts[PartAssignment.Test]),
            schema);

        Dataset? Part(DataSource? source, RawPart? split) => source switch
        {
            null => null,
            Fraction => schema.Preprocess(split!),
            _ => schema.ReadLabelled(source, baseFolder),
        };
    }

    /// <summary>The targets of the table's rows, which are steps where samples are sequences.</summary>
    private static TensorBuffer? TargetsOfRows(RawPart part, TargetKind target) => part is { Lengths: { } lengths, Targets: { } targets }
        ? StepTable.Targets(targets, lengths, TensorSource.IsOfSteps(part.TargetShape, target)) : part.Targets;

    private static RawTraining Read(DataDescription data, TargetKind target, int seed, string baseFolder) =>
        (data.Format, data.Train) switch
    {
        (DataFormat.Digits, null) when target is TargetKind.Classes or TargetKind.Input => EmbeddedDigits.Read(data, seed),
        (DataFormat.Digits, null) => throw Usage("The digits are ten classes.", "loss", "choose softmaxCrossEntropy"),
        (DataFormat.Csv, CsvFile file) => CsvSource.ReadTraining(file, data, target, seed, baseFolder),
        (DataFormat.Idx or DataFormat.Npy, TensorFiles files) => TensorSource.ReadTraining(files, data, target, seed, baseFolder),
        (DataFormat.Wav, WavFolder folder) => WavSource.ReadTraining(folder, data, target, seed, baseFolder),
        (DataFormat.Digits, _) => throw Usage("The embedded digits have no files.", "data.train",
            "leave data.train out, or set data.format"),
        (DataFormat.Csv, _) => throw Usage("CSV data need a path and a label.", "data.train", "write train: {path: FILE, label: COLUMN}"),
        (DataFormat.Wav, _) => throw Usage("Sounds need a folder and a label.", "data.train", "write train: {folder: DIR, label: '{label}_*.wav'}"),
        (DataFormat.Shards, _) => throw Usage("Shards need their folder.", "data.train", "write train: {path: DIR}"),
        (DataFormat.Text, _) => throw Usage("A text needs its path.", "data.train", "write train: {path: FILE, length: 64}"),
        _ => throw Usage("Tensor data need two files.", "data.train", "write train: {x: FILE, y: FILE}"),
    };

    private static UserException Usage(string what, string where, string remedy) => new(ErrorKind.Usage, what, where, remedy);
}
