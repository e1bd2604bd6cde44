using DistBp.Learning.Data.Csv;
using DistBp.Learning.Data.Digits;
using DistBp.Learning.Data.Preprocessing;
using DistBp.Learning.Data.Sequences;
using DistBp.Learning.Data.Shards;
using DistBp.Learning.Data.Tensors;
using DistBp.Learning.Data.Text;
using DistBp.Learning.Data.Wav;

namespace DistBp.Learning.Data;

/// <summary>
/// What must be known of the training data to treat other data alike: columns, classes, shapes and the fitted preprocessing. Stored with
/// the run as preprocessing.json.
/// </summary>
public sealed class DataSchema
{
    private readonly SchemaFile _content;
    private readonly FeatureColumn[] _outputColumns;

    internal DataSchema(SchemaFile content)
    {
        _content = content;
        _outputColumns = content.OutputColumns();
        RawShape = new TensorShape(content.RawShape);
        SampleShape = new TensorShape(content.SampleShape);
        TargetShape = content.Target == TargetKind.Input ? SampleShape : new TensorShape(content.TargetShape);
    }

    public DataFormat Format => _content.Format;

    public TargetKind Target => _content.Target;

    /// <summary>Of one sample after preprocessing: what the network takes.</summary>
    public TensorShape SampleShape { get; }

    /// <summary>[] for a class index or a single value.</summary>
    public TensorShape TargetShape { get; }

    /// <summary>Of one sample as in the files.</summary>
    public TensorShape RawShape { get; }

    /// <summary>In the order of their indices; null where classes have numbers only.</summary>
    public IReadOnlyList<string>? ClassNames => _content.ClassNames;

    /// <summary>0 where targets are not classes.</summary>
    public int ClassCount => _content.ClassCount;

    /// <summary>After preprocessing: "petal width", "color=red"; indices where the files have no names.</summary>
    public IReadOnlyList<string> FeatureNames => [.. _outputColumns.Select(c => c.Name)];

    /// <summary>The label's column in a CSV file; null elsewhere.</summary>
    public string? LabelName => _content.Csv?.LabelName;

    /// <exception cref="UserException">Damaged, or not a schema.</exception>
    public static DataSchema Load(string file) => new(SchemaFile.Load(file));

    /// <param name="content">As <see cref="Write"/> gives it.</param>
    /// <param name="origin">Where it is from, for errors.</param>
    /// <exception cref="UserException">It is damaged, or of another version.</exception>
    public static DataSchema Parse(ReadOnlySpan<byte> content, string origin) => new(SchemaFile.Parse(content, origin));

    /// <summary>The content of the file that <see cref="Load"/> reads: the same bytes for the same training data.</summary>
    public byte[] Write() => _content.Write();

    /// <summary>How the text of training was cut; null where the data are no text.</summary>
    public TextWindows? Text => _content.Text;

    /// <summary>Samples for prediction: CSV (with or without the label's column), npy or idx, whichever the file is; for a network that
    /// hears, a WAV file or a folder of them.</summary>
    /// <param name="lengthsPath">How many steps of each sequence count; null: all.</param>
    public InputTable ReadInput(string path, string? lengthsPath = null)
    {
        if (Text is not null)
        {
            throw new UserException(ErrorKind.Usage, "The network was trained on a text, which it goes on with.", path,
                "use predict RUN --generate N --prompt TEXT");
        }
        if (lengthsPath is not null && (!_content.IsSequence || _content.Spectrogram is not null))
        {
            throw new UserException(ErrorKind.Usage, "The samples of training had no lengths of their own.", lengthsPath,
                "leave the lengths out");
        }
        if (_content.Spectrogram is { } spectrogram)
        {
            RawPart sounds = WavSource.ReadInput(path, spectrogram);
            return new InputTable(Preprocess(sounds, TargetKind.Input), path) { Names = sounds.Features.Rows.Files };
        }
        byte[] start = DataFile.Start(path);
        RawPart part = NpyHeader.Matches(start) || IdxHeader.Matches(start)
            ? Adopt(TensorSource.ReadInput(
                path, lengthsPath, NpyHeader.Matches(start) ? DataFormat.Npy : DataFormat.Idx, MissingAllowed, _content.IsSequence))
            : ReadCsvInput(path);
        return new InputTable(Preprocess(part, TargetKind.Input), path);
    }

    /// <summary>Other data with targets, for evaluation; also the training part itself, where it is files of its own.</summary>
    /// <param name="locate">Where files of shards lie; null: in their folder.</param>
    /// <param name="window">Of shards: how they are shuffled where they are trained on, and how much of them stays in memory.</param>
    public Dataset ReadLabelled(
        DataSource source, string baseFolder, ShardLocator? locate = null, int window = DataDescription.DefaultShuffleWindow)
    {
        switch (source)
        {
            case ShardFolder folder:
                return ShardSource.ReadAll(DataFile.Resolve(folder.Path, baseFolder), this, _content.Steps, locate, window);
            case CsvFile csv:
                string path = DataFile.Resolve(csv.Path, baseFolder);
                return Preprocess(CsvSource.ReadAll(path, csv.Label, CsvColumnsOrNumbered, InputColumns(), Target, ClassNamesOrNumbers,
                    MissingAllowed));
            case TensorFiles files:
                byte[] head = DataFile.Start(DataFile.Resolve(files.X, baseFolder));
                DataFormat format = IdxHeader.Matches(head) ? DataFormat.Idx : NpyHeader.Matches(head) || Format != DataFormat.Idx
                    ? DataFormat.Npy : Format;
                RawPart part = TensorSource.ReadAll(files, format, Target, baseFolder, MissingAllowed, _content.IsSequence);
                if (Target == TargetKind.Classes) TargetChecks.CheckKnown(part, ClassCount, DataFile.Resolve(files.Y!, baseFolder));
                return Preprocess(Adopt(part));
            case WavFolder sounds:
                return Preprocess(WavSource.ReadAll(
                    sounds with { Spectrogram = _content.Spectrogram! }, Target, ClassNamesOrNumbers, baseFolder));
            case TextFile file:
                return TextSource.ReadAll(DataFile.Resolve(file.Path, baseFolder), Text!);
            default:
                throw new UserException(ErrorKind.Usage, "A fraction can only be split off the training data.", "data", "name files");
        }
    }

    internal static DataSchema Create(DataDescription data, TargetKind target, RawTraining raw, FittedStep[] steps, FeatureTable features)
    {
        TensorShape rawShape = raw.SampleShape;
        RawPart train = raw.Parts[PartAssignment.Train]!;
        bool isSequence = train.Lengths is not null, changed = steps.Any(s => s is FittedOneHot or FittedSelection);
        TensorShape shape = data.Shape ?? (!changed ? rawShape
            : isSequence ? new TensorShape(rawShape[0], features.Width) : new TensorShape(features.Width));
        if (isSequence && (shape.Rank == 0 || shape[0] != rawShape[0] || shape.ElementCount / shape[0] != features.Width))
        {
            throw new UserException(ErrorKind.Data, $"The shape {shape} is not one of {rawShape[0]} steps of {features.Width} features each.",
                "data.shape", "leave data.shape out or correct it");
        }
        if (!isSequence && shape.ElementCount != features.Width)
        {
            throw new UserException(ErrorKind.Data, $"The shape {shape} has {shape.ElementCount} elements and a sample has {features.Width}"
                + (features.Width == rawShape.ElementCount ? $" ({rawShape} in the file)."
                    : $" after preprocessing ({rawShape} in the file)."),
                "data.shape", "leave data.shape out or correct it");
        }
        return new DataSchema(new SchemaFile(
            SchemaFile.CurrentVersion, data.Format, target, rawShape.Dimensions.ToArray(), shape.Dimensions.ToArray(),
            train.TargetShape.Dimensions.ToArray(), raw.ClassNames?.ToArray(), raw.ClassCount, raw.Csv,
            data.Preprocess.Any(s => s is ImputeStep), steps, isSequence, raw.Spectrogram));
    }

    /// <summary>Applies the steps to a part that is as its file has it.</summary>
    internal MemoryDataset Preprocess(RawPart part) => Preprocess(part, Target);

    /// <summary>A dataset of a part to which the steps are applied already.</summary>
    internal MemoryDataset Finish(RawPart part) => Finish(part, Target);

    private bool MissingAllowed => _content.MissingAllowed;

    private CsvColumns CsvColumnsOrNumbered => _content.Csv ?? CsvColumns.Numbered(RawShape.ElementCount);

    private IReadOnlyList<string> ClassNamesOrNumbers => ClassNames ?? [.. FeatureColumn.Numbered(ClassCount).Select(c => c.Name)];

    private FeatureColumn[] InputColumns() => _content.InputColumns();

    private MemoryDataset Preprocess(RawPart part, TargetKind target)
    {
        FeatureTable table = part.Features;
        foreach (FittedStep step in _content.Steps) table = step.Apply(table);
        return Finish(part with { Features = table }, target);
    }

    private MemoryDataset Finish(RawPart part, TargetKind target)
    {
        FiniteCheck.Preprocessed(part.Features);
        bool isInput = target == TargetKind.Input;
        TensorBuffer samples = part.Features.Values;
        if (part.Lengths is { } lengths)
        {
            RequireFits(part.Features.Rows, lengths);
            samples = StepTable.Unpack(part.Features, lengths, SampleShape[0]);
        }
        return new MemoryDataset(part.Count, SampleShape, isInput ? SampleShape : TargetShape, samples, isInput ? samples : part.Targets!,
            part.Lengths) { Rows = part.Features.Rows with { StepStarts = null } };
    }

    /// <summary>No sequence is longer than the network's input.</summary>
    private void RequireFits(RowSource rows, int[] lengths)
    {
        int sample = Array.FindIndex(lengths, length => length > SampleShape[0]);
        if (sample < 0) return;
        throw new UserException(
            ErrorKind.Data, $"The sequence has {lengths[sample]} steps, and the network takes at most {SampleShape[0]}, the longest of training.",
            rows.DescribeSample(sample),
            _content.Spectrogram is null ? "cut it" : "cut it, or train with a larger data.train.maxSeconds");
    }

    private RawPart ReadCsvInput(string path)
    {
        if (!_content.IsSequence)
            return CsvSource.ReadAll(path, null, CsvColumnsOrNumbered, InputColumns(), TargetKind.Input, [], MissingAllowed);
        throw new UserException(ErrorKind.Data, "Sequences are not read from this kind of file.", path, "give an npy file");
    }

    /// <summary>A tensor's samples as the features of training.</summary>
    private RawPart Adopt(RawPart part)
    {
        FeatureTable table = part.Features;
        FeatureColumn[] columns = InputColumns();
        if (table.Width != columns.Length)
        {
            throw new UserException(ErrorKind.Data, $"A {(_content.IsSequence ? "step" : "sample")} has {table.Width} elements; training had {RawShape} ({columns.Length}).",
                table.Rows.Path,
                "give samples of the same shape");
        }
        if (Array.Find(columns, c => c.Categories is not null) is { } words)
        {
            throw new UserException(ErrorKind.Data, $"The feature '{words.Name}' holds words, which a tensor file cannot.", table.Rows.Path,
                "give a CSV file");
        }
        if (part.TargetShape.Rank > 0 && TensorSource.IsOfSteps(part.TargetShape, Target) && !part.TargetShape.Equals(TargetShape))
        {
            throw new UserException(ErrorKind.Data, $"Sequences of {part.TargetShape[0]} steps with a class each; training had {TargetShape[0]}.",
                table.Rows.Path, "pad or cut them to as many");
        }
        return part with { Features = table with { Columns = columns } };
    }
}
