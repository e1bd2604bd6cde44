namespace DistBp.Learning.Data.Wav;

/// <summary>The spectrograms of many files, each computed once.</summary>
internal sealed class Spectrograms
{
    private const int MostProblems = 5;
    private readonly float[][] _features;
    private readonly LogMel _logMel;
    private readonly int _sampleRate;

    private Spectrograms(IReadOnlyList<string> files, float[][] features, LogMel logMel, int sampleRate)
    {
        (Files, _features, _logMel, _sampleRate) = (files, features, logMel, sampleRate);
        Lengths = [.. features.Select(f => f.Length / logMel.Bands)];
    }

    public IReadOnlyList<string> Files { get; }

    /// <summary>Frames of each file.</summary>
    public int[] Lengths { get; }

    public int Bands => _logMel.Bands;

    /// <summary>[Lengths[file], Bands].</summary>
    public ReadOnlySpan<float> Features(int file) => _features[file];

    public int FramesOf(double seconds) => _logMel.Frames((long)(seconds * _sampleRate));

    /// <summary>On all cores; what is wrong with the first few bad files is told at once.</summary>
    /// <param name="spectrogram">With its sample rate.</param>
    public static Spectrograms Compute(string[] files, SpectrogramDescription spectrogram)
    {
        var logMel = new LogMel(spectrogram);
        var features = new float[files.Length][];
        var problems = new Problem?[files.Length];
        Parallel.For(0, files.Length, i =>
        {
            try
            {
                Sound sound = WavFile.Read(files[i]);
                problems[i] = Mismatch(sound, files[i], spectrogram);
                features[i] = problems[i] is null ? logMel.Compute(sound.Samples) : [];
            }
            catch (UserException bad)
            {
                problems[i] = bad.Problems[0];
            }
        });
        Problem[] found = [.. problems.OfType<Problem>().Take(MostProblems)];
        if (found.Length > 0) throw new UserException(ErrorKind.Data, found);
        return new Spectrograms(files, features, logMel, spectrogram.SampleRate!.Value);
    }

    private static Problem? Mismatch(Sound sound, string file, SpectrogramDescription spectrogram)
    {
        if (sound.SampleRate != spectrogram.SampleRate)
        {
            return new Problem($"The sound has {sound.SampleRate} samples a second; the others, or training, {spectrogram.SampleRate}.", file,
                $"sounds are not resampled here: sox IN -r {spectrogram.SampleRate} OUT.wav, or ffmpeg -i IN -ar {spectrogram.SampleRate} OUT.wav");
        }
        double seconds = (double)sound.Samples.Length / sound.SampleRate;
        return seconds > spectrogram.MaxSeconds
            ? new Problem(FormattableString.Invariant($"The sound lasts {seconds:0.###} s, longer than maxSeconds: {spectrogram.MaxSeconds}."), file,
                "cut it, leave it out, or raise data.train.maxSeconds")
            : null;
    }
}
