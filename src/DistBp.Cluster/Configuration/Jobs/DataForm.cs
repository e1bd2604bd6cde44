using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Augmentation;
using DistBp.Learning.Layers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How the data block is written in a job file.</summary>
internal static class DataForm
{
    private static readonly OptionalForm<DataFormat> Format = new(WordForm.Of<DataFormat>("format"));

    private static readonly WordForm<bool> TargetIsInput = new("target", [("label", false), ("input", true)], []);

    /// <summary>A format that is not known (yet) while the map is read.</summary>
    private const DataFormat NoFormat = (DataFormat)(-1);

    public static readonly MapForm<DataDescription> Data = new(
        new DataDescription(NoFormat, null, null, null, null, new ValueList<PreprocessStep>([]), false)
        {
            Augment = new ValueList<AugmentStep>([]),
        }, Describe,
        shorthand: "format", sample: "{format: csv, train: {path: FILE, label: COLUMN}}");

    /// <summary>A text is numbers of characters for an embedding, and zeros and ones for every other first layer.</summary>
    public static DataDescription Encode(DataDescription data, ModelDescription model)
    {
        if (data.Train is not TextFile { Encoding: null } text) return data;
        bool embedded = model.Layers is [var first, ..] && first.Kind == "embedding";
        TextEncoding encoding = embedded ? TextEncoding.Index : TextEncoding.OneHot;
        return data with { Train = text with { Encoding = encoding }, Test = Like(data.Test), Validation = Like(data.Validation) };

        DataSource? Like(DataSource? part) => part is TextFile other ? other with { Encoding = encoding } : part;
    }

    private static DataDescription Describe(IFields f, DataDescription data)
    {
        DataFormat? format = f.Field("format", data.Format == NoFormat ? null : data.Format, Format, required: true);
        data = data with { TargetIsInput = f.Field("target", data.TargetIsInput, TargetIsInput) };
        if (format is { } known) data = DescribeParts(f, data with { Format = known });
        else f.Skip("train", "test", "validation", "shuffleWindow");
        data = data with
        {
            Shape = f.Optional("shape", data.Shape, new ShapeForm()),
            Preprocess = f.Field("preprocess", data.Preprocess, PreprocessForms.Steps),
        };
        return data with
        {
            // Left out where there is none: the job's hash is that of versions that did not know it.
            Augment = f.Optional("augment", data.Augment.Count > 0 ? data.Augment : null, AugmentForms.Steps) ?? data.Augment,
        };
    }

    private static DataDescription DescribeParts(IFields f, DataDescription data)
    {
        DataSource? train = f.Field("train", data.Train!, new DataSourceForm(data.Format, data.TargetIsInput, train: null),
            required: data.Format != DataFormat.Digits);
        // Where the training part is missing, so is what a CSV file of another part leaves out; one problem is enough.
        var part = new DataSourceForm(data.Format, data.TargetIsInput, train ?? new CsvFile("", "", null));
        return data with
        {
            Train = train,
            Test = f.Optional("test", data.Test, part),
            Validation = f.Optional("validation", data.Validation, part),
            ShuffleWindow = ShuffleWindow(f, data),
        };
    }

    private static int ShuffleWindow(IFields f, DataDescription data)
    {
        if (data.Format == DataFormat.Shards) return f.Field("shuffleWindow", data.ShuffleWindow, Numbers.Count(1, sample: DataDescription.DefaultShuffleWindow));
        f.NotAvailable("is for format: shards; data in memory are shuffled as a whole", "shuffleWindow");
        return data.ShuffleWindow;
    }

    /// <summary>Dimensions, outermost first.</summary>
    private sealed class ShapeForm : Form<TensorShape>
    {
        private static readonly ListForm<int> Dimensions = new(Numbers.Count(1), "a list of dimensions", mayBeEmpty: false);

        public override string Expected => Dimensions.Expected;

        public override string Sample => "[1, 28, 28]";

        public override TensorShape Read(Node node, Place place, TensorShape fallback)
        {
            int before = place.Problems.Count;
            IReadOnlyList<int> dimensions = Dimensions.Read(node, place, new ValueList<int>([]));
            if (place.Problems.Count > before) return fallback;
            if (dimensions.Aggregate(1.0, (product, dimension) => product * dimension) <= int.MaxValue) return new TensorShape([.. dimensions]);
            place.Add($"a shape of more than {int.MaxValue} elements", node.Origin, $"for example: {place.Show(Sample)}");
            return fallback;
        }

        public override Node Write(TensorShape value) => Dimensions.Write(value.Dimensions.ToArray());
    }
}
