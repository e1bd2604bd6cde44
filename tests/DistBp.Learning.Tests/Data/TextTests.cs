using System.Text;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Text;

namespace DistBp.Learning.Tests.Data;

public sealed class TextTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Windows_are_numbers_of_characters_with_the_next_ones_as_targets()
    {
        _folder.Write("a.txt", "abcabcaé");
        TrainingData data = Load(new TextFile("a.txt", 3, null, TextEncoding.Index));
        Assert.Equal("abcé", data.Schema.Text!.Vocabulary);
        Assert.Equal((5, 2), (data.Schema.ClassCount, data.Train.Count));
        Assert.Equal(new TensorShape(3), data.Train.SampleShape);
        Assert.Equal([0f, 1, 2, 0, 1, 2], data.Train.Samples.Span.ToArray());
        Assert.Equal([1f, 2, 0, 1, 2, 0], data.Train.Targets.Span.ToArray());
        Assert.Null(data.Train.Lengths);
        Dataset dense = Load(new TextFile("a.txt", 3, 2, TextEncoding.Index)).Train;
        Assert.Equal([0f, 1, 2, 2, 0, 1, 1, 2, 0], dense.Samples.Span.ToArray());
        Assert.Equal([1f, 2, 0, 0, 1, 2, 2, 0, 3], dense.Targets.Span.ToArray());
    }

    [Fact]
    public void One_hot_windows_have_a_column_for_the_unknown()
    {
        _folder.Write("a.txt", "ab🙂a");
        TrainingData data = Load(new TextFile("a.txt", 3));
        Assert.Equal(new TensorShape(3, 4), data.Train.SampleShape);
        Assert.Equal([1f, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0], data.Train.Samples.Span.ToArray());
        Assert.Equal([1f, 2, 0], data.Train.Targets.Span.ToArray());
    }

    [Fact]
    public void Fractions_are_ranges_of_the_text_and_the_vocabulary_is_that_of_training()
    {
        // 80 characters of training, 60 of validation, 60 of test; x is in the validation part alone.
        string text = string.Concat(Enumerable.Repeat("ab", 40)) + new string('b', 30) + "x" + new string('b', 29) + string.Concat(Enumerable.Repeat("ba", 30));
        _folder.Write("a.txt", text);
        TrainingData data = Load(new TextFile("a.txt", 9, null, TextEncoding.Index), new Fraction(0.3), new Fraction(0.3));
        Assert.Equal("ab", data.Schema.Text!.Vocabulary);
        Assert.Equal((8, 6, 6), (data.Train.Count, data.Validation!.Count, data.Test!.Count));
        Assert.Equal(2, data.Validation.Samples.Span[30]);
        Assert.Equal(1, data.Validation.Samples.Span[29]);
        Assert.Equal([1f, 0, 1], data.Test.Samples.Span[..3].ToArray());
    }

    [Fact]
    public void A_saved_schema_cuts_other_texts_alike()
    {
        _folder.Write("a.txt", "hello world, hello");
        TrainingData data = Load(new TextFile("a.txt", 4));
        DataSchema loaded = DataSchema.Load(_folder.Write("schema.json", data.Schema.Write()));
        Assert.Equal(data.Train.Samples.Span.ToArray(), loaded.ReadLabelled(new TextFile("a.txt"), _folder.Path).Samples.Span.ToArray());
        Assert.Equal((data.Schema.SampleShape, data.Schema.TargetShape, data.Schema.ClassCount), (loaded.SampleShape, loaded.TargetShape, loaded.ClassCount));
        CsvJob.Expect(() => loaded.ReadInput("a.txt"), ErrorKind.Usage, "--generate");
        string json = File.ReadAllText(Path.Combine(_folder.Path, "schema.json"));
        foreach ((string from, string to) in (ReadOnlySpan<(string, string)>)[("\"length\": 4", "\"length\": 5"), (",dehlorw", ",hdelorw"), ("\"stride\": 4", "\"stride\": 0")])
        {
            Assert.Contains(from, json, StringComparison.Ordinal);
            CsvJob.Expect(() => DataSchema.Load(_folder.Write("bad.json", json.Replace(from, to, StringComparison.Ordinal))), ErrorKind.Data, "damaged");
        }
    }

    [Fact]
    public void A_text_that_cannot_be_used_is_refused_in_words()
    {
        _folder.Write("a.txt", "abc");
        CsvJob.Expect(() => Load(new TextFile("a.txt", 3)), ErrorKind.Data, "3 characters", "take 4", "a.txt");
        CsvJob.Expect(() => Load(new TextFile("none.txt", 3)), ErrorKind.Data, "no such file");
        _folder.Write("b.txt", [.. "abc\nde"u8, 0xE9, .. "fgh"u8]);
        CsvJob.Expect(() => Load(new TextFile("b.txt", 3)), ErrorKind.Data, "Byte 6 (E9) is not UTF-8", "b.txt:2", "iconv");
        _folder.Write("c.txt", new string('a', 20) + new string('z', 20));
        CsvJob.Expect(() => Load(new TextFile("c.txt", 3), new Fraction(0.5)), ErrorKind.Data, "20 of the 20 characters of the validation part", "'z' (U+007A)");
        _folder.Write("d.txt", TemporaryFolder.Gzip([0xEF, 0xBB, 0xBF, .. Encoding.UTF8.GetBytes("naïve")]));
        Assert.Equal("aevï", Load(new TextFile("d.txt", 3) with { Length = 3 }).Schema.Text!.Vocabulary.Replace("n", "", StringComparison.Ordinal));
    }

    private TrainingData Load(TextFile file, DataSource? validation = null, DataSource? test = null) => DataLoader.Load(
        new DataDescription(DataFormat.Text, file, test, validation, null, [], false), TargetKind.Classes, 1, _folder.Path);
}
