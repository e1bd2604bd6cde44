using System.Text.Json;
using System.Text.Json.Serialization;
using DistBp.Learning.Data.Csv;
using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data;

/// <summary>The content of preprocessing.json.</summary>
/// <param name="MissingAllowed">A step fills missing values.</param>
/// <param name="IsSequence">The steps work on each step of a sequence by itself; the shapes' first dimension counts its steps.</param>
/// <param name="Spectrogram">Of sounds.</param>
/// <param name="Text">Of a text.</param>
internal sealed record SchemaFile(
    int Version, DataFormat Format, TargetKind Target, int[] RawShape, int[] SampleShape, int[] TargetShape, string[]? ClassNames,
    int ClassCount, CsvColumns? Csv, bool MissingAllowed, FittedStep[] Steps, bool IsSequence = false,
    SpectrogramDescription? Spectrogram = null, Text.TextWindows? Text = null)
{
    public const int CurrentVersion = 1;

    private const string Remedy = "restore the file from a copy of the run, or train again";

    public static SchemaFile Load(string file)
    {
        try
        {
            return Parse(File.ReadAllBytes(file), file);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Data, $"The description of the preprocessing cannot be read: {cause.Message}", file, Remedy,
                cause);
        }
    }

    /// <param name="file">Where it is from.</param>
    public static SchemaFile Parse(ReadOnlySpan<byte> json, string file)
    {
        SchemaFile? content;
        try
        {
            content = JsonSerializer.Deserialize(json, SchemaJson.Default.SchemaFile);
        }
        catch (JsonException cause)
        {
            throw new UserException(ErrorKind.Data, $"The description of the preprocessing is damaged: {cause.Message}", file, Remedy,
                cause);
        }
        if (content is null) throw new UserException(ErrorKind.Data, "The description of the preprocessing is empty.", file, Remedy);
        if (content.Version != CurrentVersion)
        {
            throw new UserException(ErrorKind.Data, $"The description of the preprocessing has version {content.Version}; this distbp reads {CurrentVersion}.",
                file, "use the distbp that wrote the run");
        }
        if (content.Contradiction() is { } why)
            throw new UserException(ErrorKind.Data, $"The description of the preprocessing is damaged: {why}.", file, Remedy);
        return content;
    }

    public byte[] Write() => JsonSerializer.SerializeToUtf8Bytes(this, SchemaJson.Default.SchemaFile);

    /// <summary>The columns before all steps; columns of words start with no word known.</summary>
    public FeatureColumn[] InputColumns() => Csv is null
        ? FeatureColumn.Numbered(ColumnsOf(RawShape))
        : [.. Csv.FeatureNames.Select((n, j) => new FeatureColumn(n, Csv.IsText[j] ? new CategoryDictionary() : null))];

    /// <summary>The columns after all steps.</summary>
    public FeatureColumn[] OutputColumns() => Steps.Aggregate(InputColumns(), (columns, step) => step.Columns(columns));

    /// <summary>Why the parts do not fit together; null where they do.</summary>
    private string? Contradiction()
    {
        foreach (int[] shape in (int[][])[RawShape, SampleShape, TargetShape])
        {
            long count = 1;
            foreach (int dimension in shape)
            {
                count *= dimension;
                if (dimension < 0 || count > int.MaxValue) return $"the shape [{string.Join(", ", shape)}] is impossible";
            }
        }
        if (Csv is { } csv && (csv.FeatureNames.Length != csv.FeatureIndices.Length || csv.IsText.Length != csv.FeatureNames.Length
            || csv.FeatureIndices.Any(i => i < 0 || i >= csv.ColumnCount) || csv.LabelIndex >= csv.ColumnCount))
            return "its columns do not fit together";
        if (IsSequence && (RawShape.Length == 0 || SampleShape.Length == 0 || RawShape[0] != SampleShape[0]))
            return "its sequences have no length";
        if (Spectrogram is { SampleRate: null }) return "the sounds have no sample rate";
        if (Text is not null) return Text.Contradiction(SampleShape, TargetShape, ClassCount);
        if (ClassNames is not null && ClassNames.Length != ClassCount) return $"{ClassNames.Length} names for {ClassCount} classes";
        FeatureColumn[] columns = InputColumns();
        foreach (FittedStep step in Steps)
        {
            if (step.InputWidth >= 0 && step.InputWidth != columns.Length) return $"a step takes {step.InputWidth} features where there are {columns.Length}";
            columns = step.Columns(columns);
        }
        return columns.Length == ColumnsOf(SampleShape) ? null : "the steps do not give the sample's shape";
    }

    /// <summary>Features of a row: of a step of a sequence, otherwise of the sample.</summary>
    private int ColumnsOf(int[] shape) => new TensorShape(IsSequence ? shape.AsSpan(1) : shape).ElementCount;
}

/// <summary>Generated at build time, so that no start-up time goes into reflection. Unknown and missing keys are errors.</summary>
[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase, UseStringEnumConverter = true,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow, RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true)]
[JsonSerializable(typeof(SchemaFile))]
internal sealed partial class SchemaJson : JsonSerializerContext;
