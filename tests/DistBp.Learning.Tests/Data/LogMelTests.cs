using System.Runtime.CompilerServices;
using System.Text.Json;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Wav;

namespace DistBp.Learning.Tests.Data;

public sealed class LogMelTests
{
    private static readonly JsonSerializerOptions s_options = new(JsonSerializerDefaults.Web);

    [Fact]
    public void Spectrograms_are_those_of_NumPy_for_every_format_of_file()
    {
        GoldenSound[] cases = JsonSerializer.Deserialize<GoldenSound[]>(File.ReadAllText(Path.Combine(Here(), "..", "Golden", "sounds.json")), s_options)!;
        Assert.Equal(12, cases.Length);
        foreach (GoldenSound golden in cases)
        {
            Sound sound = WavFile.Read(Path.Combine(Here(), "Tones", golden.File));
            var logMel = new LogMel(new SpectrogramDescription(sound.SampleRate, golden.Frame, golden.Hop, golden.Bands));
            float[] features = logMel.Compute(sound.Samples);
            Assert.Equal(golden.Features.Length, features.Length);
            Assert.Equal(golden.Frames, logMel.Frames(sound.Samples.Length));
            // Half a step of the grid of 1/4096, and the digits of the file.
            for (int i = 0; i < features.Length; i++) Assert.InRange(Math.Abs(features[i] - golden.Features[i]), 0, 1.3e-4 + 1e-5);
        }
    }

    [Fact]
    public void A_tone_is_loudest_in_its_band_and_silence_is_the_least_energy()
    {
        var logMel = new LogMel(new SpectrogramDescription(16_000));
        double[] tone = [.. Enumerable.Range(0, 16_000).Select(n => Math.Sin(2 * Math.PI * 1000 * n / 16_000))];
        float[] features = logMel.Compute(tone);
        Assert.Equal(98 * 40, features.Length);
        // 1 kHz is 1000 mel; 40 bands share 2840 mel: the 14th corner.
        for (int f = 0; f < 98; f++) Assert.InRange(features.AsSpan(f * 40, 40).IndexOf(features.AsSpan(f * 40, 40).ToArray().Max()), 12, 14);
        Assert.All(logMel.Compute(new double[7]), energy => Assert.Equal((float)(Math.Round(Math.Log(1e-10) * 4096) / 4096), energy));
    }

    [Fact]
    public void Features_are_whole_multiples_of_the_grid() =>
        Assert.All(new LogMel(new SpectrogramDescription(8000)).Compute([.. Enumerable.Range(0, 900).Select(n => Math.Sin(n * n))]),
            x => Assert.Equal(0, x * 4096 % 1));

    private static string Here([CallerFilePath] string here = "") => Path.GetDirectoryName(here)!;

    private sealed record GoldenSound(string File, double Frame, double Hop, int Bands, int Frames, double[] Features);
}
