using DistBp.Learning.Kernels;

namespace DistBp.Learning.Benchmarks;

/// <summary>What passes over parameters and gradients, in bytes read and written a second, beside a plain copy of the same footprint.</summary>
public static class ElementwiseBenchmark
{
    // The parameters of the mlp 784-512-256-10, in the second cache's reach and out of it; and 16 million, out of all caches.
    private static readonly int[] s_lengths = [65_536, 535_818, 16_000_000];

    public static IEnumerable<KernelRate> Run()
    {
        foreach (int length in s_lengths)
        {
            TensorBuffer p = Filled(length), g = Filled(length), a = Filled(length), b = Filled(length), mean = Filled(length);
            var adam = AdamScalars.At(10, 0.001, 0.9, 0.999, 1e-8, 0);
            var sgd = new SgdScalars(0.01f, 0.9f, false, 0, false);
            yield return Measure("adam", length, 4, 7, () => OptimizerKernels.Adam(p.Span, g.Span, a.Span, b.Span, 0.5f, adam));
            yield return Measure("sgd with momentum", length, 3, 5, () => OptimizerKernels.Sgd(p.Span, g.Span, a.Span, 0.5f, sgd));
            yield return Measure("mean and norm", length, 3, 3, () => GradientReduction.MeanAndNorm(a.Span, b.Span, 256, mean.Span));
            yield return Measure("squared norm", length, 1, 1, () => Reductions.SquaredNorm(g.Span));
            yield return Measure("tree addition", length, 3, 3, () => GradientReduction.Add(a.Span, b.Span, mean.Span));
        }
    }

    /// <param name="arrays">Different arrays touched: the footprint.</param>
    /// <param name="streams">Arrays read plus arrays written.</param>
    private static KernelRate Measure(string kernel, int length, int arrays, int streams, Action action)
    {
        TensorBuffer from = Filled(arrays * length / 2), to = Filled(arrays * length / 2);
        double copy = Stopclock.Best(() => from.Span.CopyTo(to.Span), repetitions: 5);
        double seconds = Stopclock.Best(action);
        copy = Math.Min(copy, Stopclock.Best(() => from.Span.CopyTo(to.Span), repetitions: 5));
        return new KernelRate(kernel, $"{length}", 4.0 * streams * length / seconds / 1e9, 8.0 * from.Length / copy / 1e9, "GB/s");
    }

    /// <summary>Where training keeps its tensors, too: beginning together on their pages.</summary>
    private static TensorBuffer Filled(int length)
    {
        var buffer = new TensorBuffer(length);
        Span<float> values = buffer.Span;
        for (int i = 0; i < length; i++) values[i] = (i % 1000 + 1) * 1e-3f;
        return buffer;
    }
}
