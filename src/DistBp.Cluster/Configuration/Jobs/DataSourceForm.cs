using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>The files of one part of the data, in the keys of their format, or a fraction of the training part.</summary>
/// <param name="train">The training part, whose columns a CSV file of another part has too; null: this is the training part.</param>
internal sealed class DataSourceForm(DataFormat format, bool targetIsInput, DataSource? train) : Form<DataSource>
{
    private readonly bool _mayBeFraction = train is not null;

    public override string Expected => format == DataFormat.Digits
        ? _mayBeFraction ? "a number above 0 and below 1, for the digits are one embedded set" : "no \"train\", for the digits are embedded"
        : _mayBeFraction ? $"a number above 0 and below 1, or files as {FileSample}" : $"files as {FileSample}";

    public override string Sample => _mayBeFraction ? Numbers.Fraction.Sample : FileSample;

    private string FileSample => format == DataFormat.Csv ? "{path: FILE, label: COLUMN}" : "{x: FILE, y: FILE}";

    public override DataSource Read(Node node, Place place, DataSource fallback) => node switch
    {
        ScalarNode when _mayBeFraction && new ProblemList() is var trial
            && Numbers.Fraction.Read(node, place with { Problems = trial }, 0) is var value && trial.Count == 0 => new Fraction(value),
        // Files that an override names take the place of a fraction.
        MapNode files when format == DataFormat.Csv => Csv.Read(files with { Whole = null }, place, null!),
        MapNode files when format != DataFormat.Digits => Tensors.Read(files with { Whole = null }, place, null!),
        _ => Wrong(node, place, fallback),
    };

    public override Node Write(DataSource value) => value switch
    {
        Fraction fraction => Numbers.Fraction.Write(fraction.Value),
        CsvFile file => Csv.Write(file),
        TensorFiles files => Tensors.Write(files),
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
    });
}
