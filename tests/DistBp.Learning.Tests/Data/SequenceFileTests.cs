using DistBp.Learning.Data;
using static DistBp.Learning.Tests.Data.TensorBytes;

namespace DistBp.Learning.Tests.Data;

/// <summary>npy of [samples, steps, features] with a file of lengths.</summary>
public sealed class SequenceFileTests : IDisposable
{
    private static readonly double[] s_values = [1, 10, 3, 30, 99, 99, 5, 50, 99, 99, 99, 99, 7, 70, 9, 90, 11, 110];
    private readonly TemporaryFolder _folder = new();

    public SequenceFileTests()
    {
        _folder.Write("x.npy", Npy("<f4", "(3, 3, 2)", Elements("f4", false, s_values)));
        _folder.Write("y.npy", Npy("|u1", "(3,)", [0, 1, 1]));
        _folder.Write("l.npy", Npy("<i8", "(3,)", Elements("i8", false, 2, 1, 3)));
        _folder.Write("l.txt", "2\n1\n3\n");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("l.npy")]
    [InlineData("l.txt")]
    public void Lengths_are_read_and_padding_becomes_0(string lengths)
    {
        Dataset train = Load(lengths).Train;
        Assert.Equal([2, 1, 3], train.Lengths!);
        Assert.Equal(new TensorShape(3, 2), train.SampleShape);
        Assert.Equal([1f, 10, 3, 30, 0, 0, 5, 50, 0, 0, 0, 0, 7, 70, 9, 90, 11, 110], train.Samples.Span.ToArray());
    }

    [Fact]
    public void Preprocessing_works_on_the_steps_that_count_each_feature_by_itself()
    {
        Dataset scaled = Load("l.npy", steps: [new MinMaxStep()]).Train;
        Assert.Equal([0f, 0, 0.2f, 0.2f, 0, 0, 0.4f, 0.4f], scaled.Samples.Span[..8].ToArray());
        Assert.Equal([0.1f, 1, 0.3f, 3, 0, 0], Load("l.npy", steps: [new DivideStep(10)]).Train.Samples.Span[..6].ToArray());
        Dataset one = Load("l.npy", steps: [new StandardizeStep(), new SelectTopStep(1)]).Train;
        Assert.Equal(new TensorShape(3, 1), one.SampleShape);
        // Mean 6, deviation √(70/6) over 1, 3, 5, 7, 9, 11.
        Assert.Equal((float)(-5 / Math.Sqrt(70.0 / 6)), one.Samples.Span[0], 1e-6);
        Assert.Equal(0, one.Samples.Span[2]);
    }

    [Fact]
    public void What_is_missing_in_the_padding_is_not_missing()
    {
        double[] values = [.. s_values.Select(v => v == 99 ? double.NaN : v)];
        _folder.Write("x.npy", Npy("<f4", "(3, 3, 2)", Elements("f4", false, values)));
        Assert.Equal(0, Load("l.npy").Train.Samples.Span[4]);
        values[2] = double.NaN;
        _folder.Write("x.npy", Npy("<f4", "(3, 3, 2)", Elements("f4", false, values)));
        CsvJob.Expect(() => Load("l.npy"), ErrorKind.Data, "Element 0 is NaN", "x.npy, sample 0, step 1");
        Assert.Equal((1 + 5 + 7 + 9 + 11) / 5f, Load("l.npy", steps: [new ImputeStep(ImputeStrategy.Mean)]).Train.Samples.Span[2]);
    }

    [Fact]
    public void Parts_that_are_split_off_keep_their_lengths()
    {
        _folder.Write("x.npy", Npy("<f4", "(8, 2, 1)", Elements("f4", false, [.. Enumerable.Range(0, 16).Select(i => (double)i)])));
        _folder.Write("y.npy", Npy("|u1", "(8,)", [0, 1, 0, 1, 0, 1, 0, 1]));
        _folder.Write("l.txt", "1\n2\n1\n2\n1\n2\n1\n2");
        TrainingData data = Load("l.txt", test: new Fraction(0.25), validation: new Fraction(0.25));
        foreach (Dataset part in (Dataset[])[data.Train, data.Validation!, data.Test!])
        {
            for (int i = 0; i < part.Count; i++)
            {
                int length = (int)part.Targets.Span[i] + 1;
                Assert.Equal(length, part.Lengths![i]);
                if (length == 1) Assert.Equal(0, part.Samples.Span[2 * i + 1]);
                else Assert.Equal(part.Samples.Span[2 * i] + 1, part.Samples.Span[2 * i + 1]);
            }
        }
    }

    [Fact]
    public void A_saved_schema_reads_shorter_sequences_and_other_parts_alike()
    {
        TrainingData data = Load("l.npy", steps: [new StandardizeStep()]);
        DataSchema loaded = DataSchema.Load(_folder.Write("schema.json", data.Schema.Write()));
        InputTable same = loaded.ReadInput(Path.Combine(_folder.Path, "x.npy"), Path.Combine(_folder.Path, "l.txt"));
        Assert.Equal(data.Train.Samples.Span.ToArray(), same.Samples.Span.ToArray());
        Assert.Equal(data.Train.Lengths, same.Lengths);
        InputTable shorter = loaded.ReadInput(_folder.Write("in.npy", Npy("<f4", "(1, 2, 2)", Elements("f4", false, 1, 10, 3, 30))));
        Assert.Equal([2], shorter.Lengths!);
        Assert.Equal(data.Train.Samples.Span[..6].ToArray(), shorter.Samples.Span.ToArray());
        Dataset labelled = loaded.ReadLabelled(new TensorFiles("x.npy", "y.npy", "l.txt"), _folder.Path);
        Assert.Equal(data.Train.Samples.Span.ToArray(), labelled.Samples.Span.ToArray());
        CsvJob.Expect(() => loaded.ReadInput(_folder.Write("in.npy", Npy("<f4", "(1, 4, 2)", new byte[32]))), ErrorKind.Data,
            "4 steps, and the network takes at most 3", "in.npy, sample 0");
        CsvJob.Expect(() => loaded.ReadInput(_folder.Write("in.npy", Npy("<f4", "(1, 3, 3)", new byte[36]))), ErrorKind.Data, "A step has 3 elements");
        CsvJob.Expect(() => loaded.ReadInput(_folder.Write("in.csv", "1,2\n")), ErrorKind.Data, "give an npy file");
        CsvJob.Expect(() => DataSchema.Load(_folder.Write("schema.json",
            File.ReadAllText(Path.Combine(_folder.Path, "schema.json")).Replace("\"isSequence\": true", "\"isSequence\": false", StringComparison.Ordinal))),
            ErrorKind.Data, "damaged");
    }

    [Theory]
    [InlineData("2\n0\n3\n", "The length 0 is not a whole number from 1 to 3", "bad.txt, sample 1")]
    [InlineData("2\n1\n4\n", "The length 4", "bad.txt, sample 2")]
    [InlineData("2\n1.5\n3\n", "The length 1.5", "sample 1")]
    [InlineData("2\n1\n", "2 lengths for 3 samples", "bad.txt")]
    [InlineData("2\n1\n3\n1\n", "4 lengths for 3 samples", "bad.txt")]
    [InlineData("2\nx\n3\n", "'x' is not a length", "bad.txt:2")]
    [InlineData("2\n\n3\n", "'' is not a length", "bad.txt:2")]
    [InlineData("", "0 lengths for 3 samples", "bad.txt")]
    public void A_length_that_cannot_be_names_file_sample_and_value(string lengths, params string[] expected)
    {
        _folder.Write("bad.txt", lengths);
        CsvJob.Expect(() => Load("bad.txt"), ErrorKind.Data, expected);
    }

    [Fact]
    public void Lengths_where_they_have_no_meaning_are_refused()
    {
        _folder.Write("bad.npy", Npy("<i4", "(3, 2)", new byte[24]));
        CsvJob.Expect(() => Load("bad.npy"), ErrorKind.Data, "Lengths of shape [3, 2]", "bad.npy");
        _folder.Write("flat.npy", Npy("<f4", "(3,)", new byte[12]));
        CsvJob.Expect(() => DataLoader.Load(Job(new TensorFiles("flat.npy", "y.npy", "l.npy")), TargetKind.Classes, 1, _folder.Path), ErrorKind.Data,
            "[3] are no sequences");
        CsvJob.Expect(() => DataLoader.Load(Job(new TensorFiles("x.npy", null, "l.npy")) with { TargetIsInput = true }, TargetKind.Values, 1, _folder.Path),
            ErrorKind.Usage, "their own target");
        DataSchema whole = DataLoader.Load(Job(new TensorFiles("x.npy", "y.npy")), TargetKind.Classes, 1, _folder.Path).Schema;
        CsvJob.Expect(() => whole.ReadLabelled(new TensorFiles("x.npy", "y.npy", "l.npy"), _folder.Path), ErrorKind.Usage, "those of training have none");
        CsvJob.Expect(() => whole.ReadInput(Path.Combine(_folder.Path, "x.npy"), "l.npy"), ErrorKind.Usage, "no lengths of their own");
    }

    [Fact]
    public void A_class_a_step_is_read_and_that_of_padding_does_not_matter()
    {
        _folder.Write("steps.npy", Npy("|i1", "(3, 3)", Elements("i1", false, 0, 1, -1, 2, -1, -1, 1, 1, 0)));
        TrainingData data = DataLoader.Load(Job(new TensorFiles("x.npy", "steps.npy", "l.npy")), TargetKind.Classes, 1, _folder.Path);
        Assert.Equal(new TensorShape(3), data.Train.TargetShape);
        Assert.Equal([0f, 1, 0, 2, 0, 0, 1, 1, 0], data.Train.Targets.Span.ToArray());
        Assert.Equal(3, data.Schema.ClassCount);
        CsvJob.Expect(() => DataLoader.Load(Job(new TensorFiles("x.npy", "steps.npy")), TargetKind.Classes, 1, _folder.Path), ErrorKind.Data,
            "The label -1", "steps.npy, sample 0");
    }

    private TrainingData Load(string lengths, PreprocessStep[]? steps = null, DataSource? test = null, DataSource? validation = null) => DataLoader.Load(
        Job(new TensorFiles("x.npy", "y.npy", lengths)) with { Preprocess = steps ?? [], Test = test, Validation = validation },
        TargetKind.Classes, 1, _folder.Path);

    private static DataDescription Job(TensorFiles files) => new(DataFormat.Npy, files, null, null, null, [], false);
}
