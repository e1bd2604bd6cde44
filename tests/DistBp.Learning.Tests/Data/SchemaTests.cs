using DistBp.Learning.Data;
using static DistBp.Learning.Tests.Data.TensorBytes;

namespace DistBp.Learning.Tests.Data;

public sealed class SchemaTests : IDisposable
{
    private const string Text = "a,color,junk,y\n1,red,4,u\n,blue,4,v\n5,red,4,v\n8,green,4,u\n";
    private static readonly PreprocessStep[] AllSteps =
        [new ImputeStep(ImputeStrategy.Median), new OneHotStep(["color"]), new DropConstantStep(), new StandardizeStep(), new MinMaxStep(),
            new DivideStep(2), new SelectTopStep(3)];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_saved_schema_preprocesses_the_same_bits()
    {
        (TrainingData data, DataSchema loaded) = SavedAndLoaded();
        string input = _folder.Write("data.csv", Text);
        Assert.Equal(data.Train.Samples.Span.ToArray(), loaded.ReadInput(input).Samples.Span.ToArray());
        Dataset labelled = loaded.ReadLabelled(new CsvFile("data.csv", "y", null), _folder.Path);
        Assert.Equal(data.Train.Samples.Span.ToArray(), labelled.Samples.Span.ToArray());
        Assert.Equal(data.Train.Targets.Span.ToArray(), labelled.Targets.Span.ToArray());
        Assert.Equal(data.Schema.FeatureNames, loaded.FeatureNames);
        Assert.Equal(data.Schema.ClassNames!, loaded.ClassNames!);
        Assert.Equal((data.Schema.SampleShape, data.Schema.TargetShape, TargetKind.Classes, 2, DataFormat.Csv, "y"),
            (loaded.SampleShape, loaded.TargetShape, loaded.Target, loaded.ClassCount, loaded.Format, loaded.LabelName));
    }

    [Fact]
    public void Input_without_the_label_is_read_by_name_and_by_position()
    {
        DataSchema schema = SavedAndLoaded().Loaded;
        float[] expected = schema.ReadInput(_folder.Write("in.csv", "a,color,junk,y\n5,red,4,v\n")).Samples.Span.ToArray();
        foreach (string text in (string[])["color,junk,a\nred,4,5\n", "5,red,4\n", "5,red,4,v\n", "a,color,junk,other\n5,red,4,0\n"])
            Assert.Equal(expected, schema.ReadInput(_folder.Write("in.csv", text)).Samples.Span.ToArray());
    }

    [Fact]
    public void A_category_that_training_never_saw_is_none_of_the_known()
    {
        _folder.Write("data.csv", "color,y\nred,0\nblue,1\n");
        DataSchema schema = DataLoader.Load(CsvJob.Of("y", [new OneHotStep(["color"])]), TargetKind.Classes, 1, _folder.Path).Schema;
        InputTable input = schema.ReadInput(_folder.Write("in.csv", "color\npink\nblue\nred\n"));
        Assert.Equal([0f, 0, 1, 0, 0, 1], input.Samples.Span.ToArray());
    }

    [Fact]
    public void Input_with_other_columns_is_refused()
    {
        DataSchema schema = SavedAndLoaded().Loaded;
        CsvJob.Expect(() => schema.ReadInput(_folder.Write("in.csv", "a,colour,junk\n1,red,4\n")), ErrorKind.Data, "missing: color",
            "did you mean 'colour'?", "in.csv:1");
        CsvJob.Expect(() => schema.ReadInput(_folder.Write("in.csv", "1,red\n")), ErrorKind.Data, "2 fields", "3 features, or 4 columns");
        CsvJob.Expect(() => schema.ReadInput(_folder.Write("in.npy", Npy("<f4", "(1, 3)", new byte[12]))), ErrorKind.Data,
            "'color' holds words");
        CsvJob.Expect(() => schema.ReadInput(Path.Combine(_folder.Path, "none.csv")), ErrorKind.Data, "no such file");
        CsvJob.Expect(() => schema.ReadLabelled(new CsvFile("in.csv", "y", null), _folder.Path), ErrorKind.Data, "in.csv:1");
        CsvJob.Expect(() => schema.ReadLabelled(new Fraction(0.1), _folder.Path), ErrorKind.Usage, "name files");
    }

    [Fact]
    public void Tensor_input_of_another_width_is_refused()
    {
        DataSchema schema = DataLoader.Load(new DataDescription(DataFormat.Digits, null, null, null, null, [new DivideStep(16)], false),
            TargetKind.Classes, 1, ".").Schema;
        InputTable input = schema.ReadInput(_folder.Write("in.npy", Npy("|u1", "(1, 8, 8)", [.. Enumerable.Repeat((byte)8, 64)])));
        Assert.All(input.Samples.Span.ToArray(), x => Assert.Equal(0.5f, x));
        CsvJob.Expect(() => schema.ReadInput(_folder.Write("in.npy", Npy("|u1", "(1, 63)", new byte[63]))), ErrorKind.Data, "63 elements",
            "[1, 8, 8] (64)");
    }

    [Fact]
    public void Every_truncation_of_a_schema_is_noticed()
    {
        SavedAndLoaded();
        byte[] whole = File.ReadAllBytes(SchemaPath);
        for (int length = 0; length < whole.Length - 1; length += 7)
        {
            File.WriteAllBytes(SchemaPath, whole[..length]);
            CsvJob.Expect(() => DataSchema.Load(SchemaPath), ErrorKind.Data, "damaged", SchemaPath);
        }
    }

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 99", "version 99")]
    [InlineData("\"version\": 1,", "", "damaged")]
    [InlineData("\"version\": 1,", "\"version\": 1, \"surprise\": 1,", "surprise")]
    [InlineData("\"classCount\": 2", "\"classCount\": 3", "2 names for 3 classes")]
    [InlineData("\"divisor\": 2", "\"divisor\": null", "damaged")]
    [InlineData("\"step\": \"divide\"", "\"step\": \"multiply\"", "damaged")]
    [InlineData("\"width\": 4", "\"width\": 5", "5 features where there are 4")]
    [InlineData("\"width\": 4", "\"width\": -4", "features")]
    public void A_schema_that_contradicts_itself_is_refused(string from, string to, string expected)
    {
        SavedAndLoaded();
        string text = File.ReadAllText(SchemaPath);
        int at = text.LastIndexOf(from, StringComparison.Ordinal);
        Assert.True(at >= 0, text);
        File.WriteAllText(SchemaPath, text[..at] + to + text[(at + from.Length)..]);
        CsvJob.Expect(() => DataSchema.Load(SchemaPath), ErrorKind.Data, expected, SchemaPath);
    }

    [Fact]
    public void A_missing_schema_is_named() =>
        CsvJob.Expect(() => DataSchema.Load(SchemaPath), ErrorKind.Data, "cannot be read", SchemaPath);

    private string SchemaPath => Path.Combine(_folder.Path, "preprocessing.json");

    private (TrainingData Data, DataSchema Loaded) SavedAndLoaded()
    {
        _folder.Write("data.csv", Text);
        TrainingData data = DataLoader.Load(CsvJob.Of("y", AllSteps), TargetKind.Classes, 1, _folder.Path);
        File.WriteAllBytes(SchemaPath, data.Schema.Write());
        return (data, DataSchema.Load(SchemaPath));
    }
}
