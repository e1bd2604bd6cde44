using MathNet.Numerics.Providers.FourierTransform;

namespace DistBp.Learning.Data.Wav;

/// <summary>
/// Log-mel spectrograms: frames of frameMilliseconds every hopMilliseconds, each under a Hann window w[n] = (1 − cos(2πn / N)) / 2 and padded
/// with zeros to the next power of two; the power |X[k]|² of its Fourier transform; triangles of height 1 whose corners are equally
/// spaced on the mel scale m = 2595 · log₁₀(1 + f / 700) (O'Shaughnessy, "Speech Communication", 1987; as the HTK book writes it) from 0 to
/// half the sample rate; and the natural logarithm of max(energy, 1e-10). The last samples, too few for a frame, are left out; a sound
/// shorter than a frame is one frame.
/// </summary>
/// <remarks>
/// All in double, in one order, with the managed Fourier transform whatever native libraries there are. Its sines are the C library's,
/// whose last bits may differ between machines: so results are rounded to multiples of 2⁻¹², far above those bits and far below hearing.
/// </remarks>
internal sealed class LogMel
{
    private const double LeastEnergy = 1e-10, Grid = 4096;

    private readonly int _frame;
    private readonly int _hop;
    private readonly int _size;
    private readonly double[] _window;
    private readonly double[][] _triangles;
    private readonly int[] _firstBins;

    /// <param name="description">With its sample rate.</param>
    public LogMel(SpectrogramDescription description)
    {
        Bands = description.MelBands;
        int rate = description.SampleRate!.Value;
        _frame = Samples(description.FrameMilliseconds, rate);
        _hop = Samples(description.HopMilliseconds, rate);
        _size = 2;
        while (_size < _frame) _size *= 2;
        _window = new double[_frame];
        for (int n = 0; n < _frame; n++) _window[n] = (1 - CosTwoPi((double)n / _frame)) / 2;
        (_triangles, _firstBins) = Triangles(rate);
    }

    /// <summary>Features of a frame.</summary>
    public int Bands { get; }

    public int Frames(long samples) => samples <= _frame ? 1 : (int)(1 + (samples - _frame) / _hop);

    /// <summary>[Frames(samples.Length), Bands].</summary>
    public float[] Compute(ReadOnlySpan<double> samples)
    {
        var features = new float[Frames(samples.Length) * Bands];
        // The transform leaves real and imaginary parts of _size / 2 + 1 bins in place.
        var spectrum = new double[_size + 2];
        var power = new double[_size / 2 + 1];
        for (int f = 0; f * Bands < features.Length; f++)
        {
            ReadOnlySpan<double> frame = samples[(f * _hop)..Math.Min(f * _hop + _frame, samples.Length)];
            Array.Clear(spectrum);
            for (int n = 0; n < frame.Length; n++) spectrum[n] = frame[n] * _window[n];
            ManagedFourierTransformProvider.Instance.ForwardReal(spectrum, _size, FourierTransformScaling.NoScaling);
            for (int k = 0; k < power.Length; k++) power[k] = spectrum[2 * k] * spectrum[2 * k] + spectrum[2 * k + 1] * spectrum[2 * k + 1];
            for (int band = 0; band < Bands; band++) features[f * Bands + band] = LogEnergy(band, power);
        }
        return features;
    }

    private float LogEnergy(int band, double[] power)
    {
        double energy = 0;
        double[] triangle = _triangles[band];
        for (int k = 0; k < triangle.Length; k++) energy += triangle[k] * power[_firstBins[band] + k];
        return (float)(Math.Round(PortableMath.Log(Math.Max(energy, LeastEnergy)) * Grid) / Grid);
    }

    /// <summary>Of each band its weights and the bin of the first.</summary>
    private (double[][] Weights, int[] FirstBins) Triangles(int rate)
    {
        var corners = new double[Bands + 2];
        double highest = Mel(rate / 2.0);
        for (int i = 0; i < corners.Length; i++) corners[i] = Hertz(highest * i / (Bands + 1));
        var weights = new double[Bands][];
        var firstBins = new int[Bands];
        for (int band = 0; band < Bands; band++)
        {
            (double low, double peak, double high) = (corners[band], corners[band + 1], corners[band + 2]);
            var all = new double[_size / 2 + 1];
            for (int k = 0; k < all.Length; k++)
            {
                double hertz = (double)k * rate / _size;
                all[k] = Math.Max(0, Math.Min((hertz - low) / (peak - low), (high - hertz) / (high - peak)));
            }
            firstBins[band] = Math.Max(0, Array.FindIndex(all, w => w > 0));
            weights[band] = all[firstBins[band]..(Array.FindLastIndex(all, w => w > 0) + 1)];
        }
        return (weights, firstBins);
    }

    /// <summary>At least 1.</summary>
    private static int Samples(double milliseconds, int rate) => Math.Max(1, (int)Math.Round(rate * milliseconds / 1000));

    // 1127.01… · ln is 2595 · log₁₀.
    private static double Mel(double hertz) => 2595 / PortableMath.Log(10) * PortableMath.Log(1 + hertz / 700);

    private static double Hertz(double mel) => 700 * (PortableMath.Exp(mel / 2595 * PortableMath.Log(10)) - 1);

    /// <summary>x in [0, 1].</summary>
    private static double CosTwoPi(double x) => PortableMath.CosPi(x <= 0.5 ? 2 * x : 2 - 2 * x);
}
