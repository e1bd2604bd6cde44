using System.Globalization;
using System.Text;
using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Text;

/// <summary>
/// Cuts texts into windows: a sample is `length` characters, its target the same characters shifted by one. Fractions are ranges of the text,
/// so that no window of one part overlaps one of another: training first, then validation, then test.
/// </summary>
internal static class TextSource
{
    /// <summary>Of the characters of a part: more unknown ones are taken for a mistake.</summary>
    private const double MostUnknown = 0.1;

    public static TrainingData Load(TextFile source, DataDescription data, TargetKind target, string baseFolder)
    {
        if (target != TargetKind.Classes)
        {
            throw new UserException(ErrorKind.Usage, "The targets of a text are its next characters, which are classes.",
                target == TargetKind.Input ? "data.target" : "loss", "choose softmaxCrossEntropy");
        }
        string path = DataFile.Resolve(source.Path, baseFolder);
        Rune[] text = TextContent.Read(path);
        int validationCount = Share(data.Validation, text.Length), testCount = Share(data.Test, text.Length);
        int trainCount = text.Length - validationCount - testCount;
        if (trainCount < 1) throw new UserException(ErrorKind.Data, $"The text has {text.Length} characters, none of them left for training.", path, "bring a longer text");
        TextWindows windows = TextWindows.Of(
            text.AsSpan(0, trainCount), source.Length, source.Stride ?? source.Length, source.Encoding ?? TextEncoding.OneHot);
        var schema = new DataSchema(new SchemaFile(
            SchemaFile.CurrentVersion, DataFormat.Text, target, windows.SampleShape.Dimensions.ToArray(), windows.SampleShape.Dimensions.ToArray(),
            [windows.Length], null, windows.ClassCount, null, MissingAllowed: false, [], Text: windows));
        return new TrainingData(
            Cut(text.AsSpan(0, trainCount), windows, path, "training"),
            Part(data.Validation, text.AsSpan(trainCount, validationCount), "validation"),
            Part(data.Test, text.AsSpan(trainCount + validationCount), "test"),
            schema);

        Dataset? Part(DataSource? part, ReadOnlySpan<Rune> range, string name) => part switch
        {
            null => null,
            Fraction => Cut(range, windows, path, name),
            _ => schema.ReadLabelled(part, baseFolder),
        };
    }

    public static MemoryDataset ReadAll(string path, TextWindows windows) => Cut(TextContent.Read(path), windows, path, "text");

    private static MemoryDataset Cut(ReadOnlySpan<Rune> text, TextWindows windows, string path, string part)
    {
        if (text.Length <= windows.Length)
        {
            throw new UserException(ErrorKind.Data,
                string.Create(CultureInfo.InvariantCulture, $"The {part} part has {text.Length} characters, and one window and the character after it take {windows.Length + 1}."),
                path, "bring a longer text, or make data.train.length smaller");
        }
        int[] classes = Classes(text, windows, path, part);
        int count = (text.Length - 1 - windows.Length) / windows.Stride + 1, width = windows.SampleShape.ElementCount;
        TensorBuffer samples = FeatureTable.Allocate(count, width, path), targets = FeatureTable.Allocate(count, windows.Length, path);
        for (int i = 0; i < count; i++)
        {
            int start = i * windows.Stride;
            windows.Encode(classes.AsSpan(start, windows.Length), samples.Span.Slice(i * width, width));
            for (int t = 0; t < windows.Length; t++) targets.Span[i * windows.Length + t] = classes[start + t + 1];
        }
        return new MemoryDataset(count, windows.SampleShape, new TensorShape(windows.Length), samples, targets);
    }

    private static int[] Classes(ReadOnlySpan<Rune> text, TextWindows windows, string path, string part)
    {
        var classes = new int[text.Length];
        int unknown = 0, first = -1;
        for (int i = 0; i < classes.Length; i++)
        {
            classes[i] = windows.ClassOf(text[i]);
            if (windows.Knows(text[i])) continue;
            unknown++;
            if (first < 0) first = i;
        }
        if (unknown <= classes.Length * MostUnknown) return classes;
        throw new UserException(ErrorKind.Data,
            string.Create(CultureInfo.InvariantCulture, $"{unknown} of the {classes.Length} characters of the {part} part are none that training knows, as '{text[first]}' (U+{text[first].Value:X4}), character {first}."),
            path, "train on a text of the same alphabet");
    }

    private static int Share(DataSource? source, int count) =>
        source is Fraction fraction ? (int)Math.Round(count * fraction.Value, MidpointRounding.AwayFromZero) : 0;
}
