using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>The files of one part of the data, in the keys of their format, or a fraction of the training part.</summary>
/// <param name="train">The training part, whose columns a CSV file of another part has too; null: this is the training part.</param>
internal sealed class DataSourceForm(DataFormat format, bool targetIsInput, DataSource? train) : Form<DataSource>
{
    private const int MaxWindow = 1 << 16, MaxMelBands = 256, MaxSampleRate = 768_000;

    private static readonly OptionalForm<int> Stride = new(Numbers.Count(1, MaxWindow, sample: TextFile.DefaultLength));

    private static readonly OptionalForm<TextEncoding> Encoding = new(WordForm.Of<TextEncoding>("encoding"));

    private static readonly OptionalForm<int> SampleRate = new(Numbers.Count(1, MaxSampleRate, sample: 16_000));

    private static readonly OptionalForm<double> MaxSeconds = new(new NumberForm<double>("above 0 and at most 3600", x => x is > 0 and <= 3600, "2"));

    private static readonly NumberForm<double> Milliseconds = new("from 0.1 to 1000", x => x is >= 0.1 and <= 1000, "25");

    private readonly bool _mayBeFraction = train is not null;

    public override string Expected => format == DataFormat.Digits
        ? _mayBeFraction ? "a number above 0 and below 1, for the digits are one embedded set" : "no \"train\", for the digits are embedded"
        : MayBeFraction ? $"a number above 0 and below 1, or files as {FileSample}" : $"files as {FileSample}";

    public override string Sample => MayBeFraction ? Numbers.Fraction.Sample : FileSample;

    /// <summary>Shards are split when they are made.</summary>
    private bool MayBeFraction => _mayBeFraction && format != DataFormat.Shards;

    private string FileSample => format switch
    {
        DataFormat.Csv => "{path: FILE, label: COLUMN}",
        DataFormat.Wav => "{folder: DIR, label: '{label}_*.wav'}",
        DataFormat.Text => "{path: FILE}",
        DataFormat.Shards => "{path: DIR}",
        _ => "{x: FILE, y: FILE}",
    };

    public override DataSource Read(Node node, Place place, DataSource fallback) => node switch
    {
        ScalarNode when MayBeFraction && new ProblemList() is var trial
            && Numbers.Fraction.Read(node, place with { Problems = trial }, 0) is var value && trial.Count == 0 => new Fraction(value),
        // Files that an override names take the place of a fraction.
        MapNode files when format == DataFormat.Csv => Csv.Read(files with { Whole = null }, place, null!),
        MapNode files when format == DataFormat.Wav => Wav.Read(files with { Whole = null }, place, null!),
        MapNode files when format == DataFormat.Shards => Shards.Read(files with { Whole = null }, place, null!),
        MapNode files when format == DataFormat.Text => Text.Read(files with { Whole = null }, place, null!),
        MapNode files when format != DataFormat.Digits => Tensors.Read(files with { Whole = null }, place, null!),
        _ => Wrong(node, place, fallback),
    };

    public override Node Write(DataSource value) => value switch
    {
        Fraction fraction => Numbers.Fraction.Write(fraction.Value),
        CsvFile file => Csv.Write(file),
        TensorFiles files => Tensors.Write(files),
        WavFolder folder => Wav.Write(folder),
        TextFile text => Text.Write(text),
        ShardFolder folder => Shards.Write(folder),
        _ => throw new System.Diagnostics.UnreachableException(value.GetType().Name),
    };

    private MapForm<CsvFile> Csv => new(train is CsvFile same ? same with { Path = "" } : new CsvFile("", null, null), (f, s) => s with
    {
        Path = f.Field("path", s.Path, TextForm.Path, required: true),
        Label = f.Field("label", s.Label!, TextForm.Any, required: !targetIsInput && s.Label is null),
        Features = f.Optional("features", s.Features, new ListForm<string>(TextForm.Any, "a list of columns", mayBeEmpty: false)),
    });

    private MapForm<TensorFiles> Tensors => new(new TensorFiles("", null), (f, s) => s with
    {
        X = f.Field("x", s.X, TextForm.Path, required: true),
        Y = f.Field("y", s.Y!, TextForm.Path, required: !targetIsInput),
        Lengths = f.Optional("lengths", s.Lengths, TextForm.Path),
    });

    private static MapForm<ShardFolder> Shards =>
        new(new ShardFolder(""), (f, s) => s with { Path = f.Field("path", s.Path, TextForm.Path, required: true) });

    // How sounds are made into features, and a text into windows, is said once, with the training part.
    private MapForm<WavFolder> Wav => new(
        train is WavFolder same ? same with { Folder = "" } : new WavFolder("", null!, new SpectrogramDescription()), (f, s) => s with
        {
            Folder = f.Field("folder", s.Folder, TextForm.Path, required: true),
            Label = f.Field("label", s.Label, TextForm.Any, required: s.Label is null),
            Spectrogram = _mayBeFraction ? s.Spectrogram : Spectrogram(f, s.Spectrogram),
        });

    private MapForm<TextFile> Text => new(train is TextFile same ? same with { Path = "" } : new TextFile(""), (f, s) =>
    {
        s = s with { Path = f.Field("path", s.Path, TextForm.Path, required: true) };
        if (_mayBeFraction) return s;
        return s with
        {
            Length = f.Field("length", s.Length, Numbers.Count(1, MaxWindow, sample: TextFile.DefaultLength)),
            Stride = f.Field("stride", s.Stride, Stride),
            Encoding = f.Field("encoding", s.Encoding, Encoding),
        };
    });

    private static SpectrogramDescription Spectrogram(IFields f, SpectrogramDescription s) => s with
    {
        SampleRate = f.Field("sampleRate", s.SampleRate, SampleRate),
        FrameMilliseconds = f.Field("frameMilliseconds", s.FrameMilliseconds, Milliseconds),
        HopMilliseconds = f.Field("hopMilliseconds", s.HopMilliseconds, Milliseconds),
        MelBands = f.Field("melBands", s.MelBands, Numbers.Count(1, MaxMelBands, sample: 40)),
        MaxSeconds = f.Field("maxSeconds", s.MaxSeconds, MaxSeconds),
    };
}
