using DistBp.Learning.Data.Augmentation;

namespace DistBp.Learning.Data;

public enum DataFormat
{
    /// <summary>The embedded handwritten digits.</summary>
    Digits,
    Idx,
    Csv,
    Npy,

    /// <summary>A folder of WAV files, as log-mel spectrograms.</summary>
    Wav,

    /// <summary>A text, whose next character is learned.</summary>
    Text,

    /// <summary>A folder of npy shards with a manifest, mapped and not read as a whole.</summary>
    Shards,
}

/// <summary>What the targets are. Follows from the loss and from data.target.</summary>
public enum TargetKind
{
    /// <summary>One of K classes; a target is the class's index.</summary>
    Classes,

    /// <summary>Two classes; a target is 0 or 1 (several columns of 0 and 1 in npy).</summary>
    Binary,

    /// <summary>Real values.</summary>
    Values,

    /// <summary>The preprocessed input itself (autoencoder).</summary>
    Input,
}

/// <summary>Where samples come from.</summary>
public abstract record DataSource;

/// <summary>Two files of tensors, samples outermost. Y is null where the target is the input.</summary>
/// <param name="Lengths">How many steps (of the second dimension) of each sample count, one whole number a sample; null: all.</param>
public sealed record TensorFiles(string X, string? Y, string? Lengths = null) : DataSource;

/// <summary>A folder of WAV files.</summary>
/// <param name="Label">Where the label stands in a file's name: see <see cref="Wav.LabelPattern"/>.</param>
public sealed record WavFolder(string Folder, string Label, SpectrogramDescription Spectrogram) : DataSource;

/// <summary>How a sound becomes a sequence of features.</summary>
/// <param name="SampleRate">Null: that of the first training file.</param>
/// <param name="MaxSeconds">How long the sequences are; null: as long as the longest training file.</param>
public sealed record SpectrogramDescription(
    int? SampleRate = null, double FrameMilliseconds = 25, double HopMilliseconds = 10, int MelBands = 40, double? MaxSeconds = null);

/// <summary>A folder with a manifest.json and the shards that it lists.</summary>
public sealed record ShardFolder(string Path) : DataSource;

/// <summary>A text file in UTF-8, cut into windows.</summary>
/// <param name="Length">Characters of a window.</param>
/// <param name="Stride">From the start of a window to that of the next; null: the length.</param>
/// <param name="Encoding">Null: as the first layer wants it (known once the model is).</param>
public sealed record TextFile(string Path, int Length = TextFile.DefaultLength, int? Stride = null, TextEncoding? Encoding = null) : DataSource
{
    public const int DefaultLength = 64;
}

public enum TextEncoding
{
    /// <summary>A sample is [length, vocabulary] of 0 and 1.</summary>
    OneHot,

    /// <summary>A sample is [length] of numbers of characters, for an embedding.</summary>
    Index,
}

/// <param name="Label">A column's name or 0-based index; null where the target is the input.</param>
/// <param name="Features">Names or indices; null: all columns but the label.</param>
public sealed record CsvFile(string Path, string? Label, IReadOnlyList<string>? Features) : DataSource;

/// <summary>A part split off the training data by the job's seed.</summary>
/// <param name="Value">In (0, 1), of all samples of the training source (also where another part is split off as well).</param>
public sealed record Fraction(double Value) : DataSource;

/// <summary>One step of the preprocessing, fitted on the training part only.</summary>
public abstract record PreprocessStep
{
    public abstract string Kind { get; }
}

public sealed record DivideStep(double Divisor) : PreprocessStep
{
    public override string Kind => "divide";
}

/// <summary>(x − mean) / standard deviation, each feature by itself; a constant feature becomes 0.</summary>
public sealed record StandardizeStep : PreprocessStep
{
    public override string Kind => "standardize";
}

/// <summary>To [0, 1], each feature by itself; a constant feature becomes 0.</summary>
public sealed record MinMaxStep : PreprocessStep
{
    public override string Kind => "minMax";
}

public enum ImputeStrategy
{
    Mean,
    Median,
    Constant,
}

/// <summary>Fills missing values (empty CSV fields, "NA", "NaN", "?", "null"; NaN in tensors). Columns of words, before their oneHot, get the
/// most frequent word.</summary>
public sealed record ImputeStep(ImputeStrategy Strategy, double Constant = 0) : PreprocessStep
{
    public override string Kind => "impute";
}

/// <summary>Replaces each of the columns (names or indices) by one 0/1 feature a category seen in the training part. A category seen only
/// elsewhere, or a missing one that no earlier impute filled, gives zeros.</summary>
public sealed record OneHotStep(IReadOnlyList<string> Columns) : PreprocessStep
{
    public override string Kind => "oneHot";
}

public sealed record DropConstantStep : PreprocessStep
{
    public override string Kind => "dropConstant";
}

/// <summary>Keeps the K features that tell most about the target (F statistic for classes, squared correlation for values).</summary>
public sealed record SelectTopStep(int Count) : PreprocessStep
{
    public override string Kind => "selectTop";
}

/// <summary>The data block of a job.</summary>
/// <param name="Train">Null for the embedded digits.</param>
/// <param name="Test">Files, a <see cref="Fraction"/> of the training data, or null.</param>
/// <param name="Validation">Likewise.</param>
/// <param name="Shape">One sample's shape; null: as in the file.</param>
public sealed record DataDescription(
    DataFormat Format, DataSource? Train, DataSource? Test, DataSource? Validation, TensorShape? Shape,
    IReadOnlyList<PreprocessStep> Preprocess, bool TargetIsInput)
{
    /// <summary>How samples of the training part are changed at random, in order; targets are not (also where they are the input).</summary>
    public IReadOnlyList<AugmentStep> Augment { get; init; } = [];

    public const int DefaultShuffleWindow = 1 << 16;

    /// <summary>Samples of shards that are shuffled among each other: see <see cref="WindowOrder"/>.</summary>
    public int ShuffleWindow { get; init; } = DefaultShuffleWindow;
}
