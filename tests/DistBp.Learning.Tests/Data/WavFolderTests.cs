using System.Runtime.CompilerServices;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Wav;
using static DistBp.Learning.Tests.Data.WavBytes;

namespace DistBp.Learning.Tests.Data;

public sealed class WavFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_folder_of_tones_becomes_padded_sequences_with_lengths_and_labels()
    {
        TrainingData data = DataLoader.Load(Tones("{label}_*.wav", new SpectrogramDescription(MelBands: 10)), TargetKind.Classes, 1, ".");
        Assert.Equal(["high", "low"], data.Schema.ClassNames);
        Assert.Equal([0f, 0, 0, 1, 1, 1], data.Train.Targets.Span.ToArray());
        // Frames of 200 samples every 80, of 720, 560, 480, 800, 640 and 160 samples.
        Assert.Equal([7, 5, 4, 8, 6, 1], data.Train.Lengths!);
        Assert.Equal(new TensorShape(8, 10), data.Train.SampleShape);
        Assert.All(data.Train.Samples.Span[(7 * 10)..(8 * 10)].ToArray(), x => Assert.Equal(0, x));
        Assert.True(data.Train.Samples.Span[(5 * 80)..(5 * 80 + 10)].IndexOfAnyExcept(0f) >= 0);
    }

    [Fact]
    public void Bands_are_standardized_over_all_frames_and_padding_stays_0()
    {
        TrainingData data = DataLoader.Load(
            Tones("{label}_*.wav", new SpectrogramDescription(MelBands: 10)) with { Preprocess = [new StandardizeStep()] }, TargetKind.Classes, 1, ".");
        for (int band = 0; band < 10; band++)
        {
            double sum = 0, squares = 0;
            for (int i = 0; i < 6; i++)
            {
                for (int t = 0; t < 8; t++)
                {
                    double x = data.Train.Samples.Span[(i * 8 + t) * 10 + band];
                    if (t >= data.Train.Lengths![i]) Assert.Equal(0, x);
                    sum += x;
                    squares += x * x;
                }
            }
            Assert.InRange(sum / 31, -1e-5, 1e-5);
            Assert.InRange(squares / 31, 0.9999, 1.0001);
        }
    }

    [Fact]
    public void A_saved_schema_hears_the_same_and_names_the_files()
    {
        DataDescription description = Tones("(?<label>[a-z]+)_[0-9]\\.wav", new SpectrogramDescription(MaxSeconds: 0.2)) with { Preprocess = [new StandardizeStep()] };
        TrainingData data = DataLoader.Load(description, TargetKind.Classes, 1, ".");
        string schemaPath = _folder.Write("preprocessing.json", data.Schema.Write());
        DataSchema loaded = DataSchema.Load(schemaPath);
        Assert.Equal(new TensorShape(18, 40), loaded.SampleShape);
        InputTable input = loaded.ReadInput(TonesFolder());
        Assert.Equal(data.Train.Samples.Span.ToArray(), input.Samples.Span.ToArray());
        Assert.Equal(data.Train.Lengths, input.Lengths);
        Assert.Equal("low_3.wav", Path.GetFileName(input.Names![^1]));
        Assert.Equal([5], loaded.ReadInput(Path.Combine(TonesFolder(), "high_2.wav")).Lengths!);
        Dataset labelled = loaded.ReadLabelled(description.Train!, ".");
        Assert.Equal(data.Train.Targets.Span.ToArray(), labelled.Targets.Span.ToArray());
        CsvJob.Expect(() => loaded.ReadInput(TonesFolder(), "lengths.npy"), ErrorKind.Usage, "no lengths of their own");
    }

    [Fact]
    public void What_is_wrong_with_a_folder_is_told()
    {
        Expect("none", "no such folder");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "in"));
        Expect("in", "no .wav files");
        _folder.Write("in/a_1.wav", Pcm(1, 2));
        Expect("in", "All labels are 'a'");
        _folder.Write("in/odd.wav", Pcm(1, 2));
        Expect("in", "finds no label in 1 of 2 names", "odd.wav");
        File.Move(Path.Combine(_folder.Path, "in/odd.wav"), Path.Combine(_folder.Path, "in/b_1.wav"));
        _folder.Write("in/b_2.wav", Pcm(16_000u, 1, 2));
        _folder.Write("in/c_1.wav", Riff());
        Expect("in", "16000 samples a second; the others, or training, 8000", "b_2.wav", "sox", "c_1.wav", "no fmt chunk");
        File.Delete(Path.Combine(_folder.Path, "in/c_1.wav"));
        _folder.Write("in/b_2.wav", Pcm(new short[2000]));
        Expect("in", new SpectrogramDescription(MaxSeconds: 0.1), "lasts 0.25 s, longer than maxSeconds: 0.1", "b_2.wav");
        DataSchema schema = Load("in", new SpectrogramDescription()).Schema;
        CsvJob.Expect(() => schema.ReadInput(_folder.Write("long.wav", Pcm(new short[4000]))), ErrorKind.Data, "48 steps", "at most 23", "long.wav", "maxSeconds");
        Directory.CreateDirectory(Path.Combine(_folder.Path, "test"));
        _folder.Write("test/z_1.wav", Pcm(1, 2));
        CsvJob.Expect(() => schema.ReadLabelled(new WavFolder("test", "{label}_*.wav", new SpectrogramDescription()), _folder.Path), ErrorKind.Data,
            "label 'z' is none of training's", "z_1.wav");
    }

    [Theory]
    [InlineData("{label}_*.wav", "zero_en_1.wav", "zero")]
    [InlineData("{label}_*.wav", "_1.wav", null)]
    [InlineData("*-{label}.wav", "a-b-c.wav", "c")]
    [InlineData("{label}?.wav", "nine7.wav", "nine")]
    [InlineData("{label}/*.wav", "stop/00af.wav", "stop")]
    [InlineData("{label}/*.wav", "stop/deep/00af.wav", null)]
    [InlineData("{label}_(1).wav", "a_(1).wav", "a")]
    [InlineData("(?<label>\\d)_.*", "7_theo_3.wav", "7")]
    [InlineData("(?<label>\\d)_.*", "x7_theo_3.wav", null)]
    public void A_pattern_finds_the_label(string pattern, string name, string? label) => Assert.Equal(label, new LabelPattern(pattern).Label(name));

    [Theory]
    [InlineData("*.wav", "does not say once where the label stands")]
    [InlineData("{label}_{label}.wav", "does not say once")]
    [InlineData("(?<label>(", "not a regular expression")]
    [InlineData("(?<label>a)\\k<label>", "without backtracking")]
    public void A_bad_pattern_is_refused(string pattern, string expected) =>
        CsvJob.Expect(() => _ = new LabelPattern(pattern), ErrorKind.Usage, expected, "data.train.label", "{label}_*.wav");

    [Fact]
    public void A_pattern_that_would_backtrack_for_ever_takes_no_time()
    {
        var pattern = new LabelPattern("(?<label>(a+)+)b");
        Assert.Null(pattern.Label(new string('a', 10_000)));
    }

    private void Expect(string folder, params string[] expected) => Expect(folder, new SpectrogramDescription(), expected);

    private void Expect(string folder, SpectrogramDescription spectrogram, params string[] expected) =>
        CsvJob.Expect(() => Load(folder, spectrogram), ErrorKind.Data, expected);

    private TrainingData Load(string folder, SpectrogramDescription spectrogram) => DataLoader.Load(
        new DataDescription(DataFormat.Wav, new WavFolder(folder, "{label}_*.wav", spectrogram), null, null, null, [], false), TargetKind.Classes, 1, _folder.Path);

    private static DataDescription Tones(string label, SpectrogramDescription spectrogram) =>
        new(DataFormat.Wav, new WavFolder(TonesFolder(), label, spectrogram), null, null, null, [], false);

    private static string TonesFolder([CallerFilePath] string here = "") => Path.Combine(Path.GetDirectoryName(here)!, "Tones");
}
