using DistBp.Learning.Data.Csv;
using DistBp.Learning.Data.Digits;
using DistBp.Learning.Data.Preprocessing;
using DistBp.Learning.Data.Tensors;

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

    /// <summary>The content of the file that <see cref="Load"/> reads: the same bytes for the same training data.</summary>
    public byte[] Write() => _content.Write();

    /// <summary>Samples for prediction from CSV (with or without the label's column), npy or idx, whichever the file is.</summary>
    public InputTable ReadInput(string path)
    {
        byte[] start = DataFile.Start(path);
        FeatureTable table;
        if (NpyHeader.Matches(start) || IdxHeader.Matches(start))
        {
            table = TensorSource.ReadInput(path, NpyHeader.Matches(start) ? DataFormat.Npy : DataFormat.Idx, MissingAllowed);
            table = Adopt(table);
        }
        else
        {
            table = CsvSource.ReadAll(path, null, CsvColumnsOrNumbered, InputColumns(), TargetKind.Input, [], MissingAllowed).Features;
        }
        Dataset samples = Preprocess(new RawPart(table, null, new TensorShape()), TargetKind.Input);
        return new InputTable(samples.Count, SampleShape, samples.Samples, path) { Rows = samples.Rows };
    }

    /// <summary>Other data with targets, for evaluation.</summary>
    public Dataset ReadLabelled(DataSource source, string baseFolder)
    {
        switch (source)
        {
            case CsvFile csv:
                string path = DataFile.Resolve(csv.Path, baseFolder);
                return Preprocess(CsvSource.ReadAll(path, csv.Label, CsvColumnsOrNumbered, InputColumns(), Target, ClassNamesOrNumbers,
                    MissingAllowed));
            case TensorFiles files:
                byte[] head = DataFile.Start(DataFile.Resolve(files.X, baseFolder));
                DataFormat format = IdxHeader.Matches(head) ? DataFormat.Idx : NpyHeader.Matches(head) || Format != DataFormat.Idx
                    ? DataFormat.Npy : Format;
                RawPart part = TensorSource.ReadAll(files, format, Target, baseFolder, MissingAllowed);
                if (Target == TargetKind.Classes) TargetChecks.CheckKnown(part, ClassCount, DataFile.Resolve(files.Y!, baseFolder));
                return Preprocess(part with { Features = Adopt(part.Features) });
            default:
                throw new UserException(ErrorKind.Usage, "A fraction can only be split off the training data.", "data", "name files");
        }
    }

    internal static DataSchema Create(DataDescription data, TargetKind target, RawTraining raw, FittedStep[] steps, FeatureTable features)
    {
        TensorShape rawShape = raw.SampleShape;
        TensorShape shape = data.Shape ?? (steps.Any(s => s is FittedOneHot or FittedSelection) ? new TensorShape(features.Width)
            : rawShape);
        if (shape.ElementCount != features.Width)
        {
            throw new UserException(ErrorKind.Data, $"The shape {shape} has {shape.ElementCount} elements and a sample has {features.Width}"
                + (features.Width == rawShape.ElementCount ? $" ({rawShape} in the file)."
                    : $" after preprocessing ({rawShape} in the file)."),
                "data.shape", "leave data.shape out or correct it");
        }
        RawPart train = raw.Parts[PartAssignment.Train]!;
        return new DataSchema(new SchemaFile(
            SchemaFile.CurrentVersion, data.Format, target, rawShape.Dimensions.ToArray(), shape.Dimensions.ToArray(),
            train.TargetShape.Dimensions.ToArray(), raw.ClassNames?.ToArray(), raw.ClassCount, raw.Csv,
            data.Preprocess.Any(s => s is ImputeStep), steps));
    }

    /// <summary>Applies the steps to a part that is as its file has it.</summary>
    internal Dataset Preprocess(RawPart part) => Preprocess(part, Target);

    /// <summary>A dataset of a part to which the steps are applied already.</summary>
    internal Dataset Finish(RawPart part) => Finish(part, Target);

    private bool MissingAllowed => _content.MissingAllowed;

    private CsvColumns CsvColumnsOrNumbered => _content.Csv ?? CsvColumns.Numbered(RawShape.ElementCount);

    private IReadOnlyList<string> ClassNamesOrNumbers => ClassNames ?? [.. FeatureColumn.Numbered(ClassCount).Select(c => c.Name)];

    private FeatureColumn[] InputColumns() => _content.InputColumns();

    private Dataset Preprocess(RawPart part, TargetKind target)
    {
        FeatureTable table = part.Features;
        foreach (FittedStep step in _content.Steps) table = step.Apply(table);
        return Finish(part with { Features = table }, target);
    }

    private Dataset Finish(RawPart part, TargetKind target)
    {
        FiniteCheck.Preprocessed(part.Features);
        bool isInput = target == TargetKind.Input;
        TensorBuffer samples = part.Features.Values;
        return new Dataset(part.Features.Count, SampleShape, isInput ? SampleShape : TargetShape, samples,
            isInput ? samples : part.Targets!) { Rows = part.Features.Rows };
    }

    /// <summary>A tensor's samples as the features of training.</summary>
    private FeatureTable Adopt(FeatureTable table)
    {
        FeatureColumn[] columns = InputColumns();
        if (table.Width != columns.Length)
        {
            throw new UserException(ErrorKind.Data, $"A sample has {table.Width} elements; training had {RawShape} ({columns.Length}).",
                table.Rows.Path,
                "give samples of the same shape");
        }
        if (Array.Find(columns, c => c.Categories is not null) is { } words)
        {
            throw new UserException(ErrorKind.Data, $"The feature '{words.Name}' holds words, which a tensor file cannot.", table.Rows.Path,
                "give a CSV file");
        }
        return table with { Columns = columns };
    }
}
