using System.Numerics;

namespace DistBp.Learning.Data;

/// <summary>The rows [Start, End) of an epoch's order.</summary>
public readonly record struct RowRange(int Start, int End)
{
    public int Count => End - Start;
}

/// <summary>
/// How an epoch is cut into steps and a step into slices: arithmetic alone. The last mini-batch of an epoch has what is left and is
/// trained.
/// </summary>
/// <param name="SampleCount">Samples an epoch.</param>
/// <param name="Batch">Samples a step.</param>
/// <param name="Slices">Parts of a step; a slice may be empty where a mini-batch has fewer samples than slices.</param>
public readonly record struct MiniBatchGeometry(int SampleCount, int Batch, int Slices)
{
    private const int LeastSamplesPerSlice = 32;
    private const int MostDefaultSlices = 64;

    public int StepsPerEpoch => (int)(((long)SampleCount + Batch - 1) / Batch);

    /// <summary>The most rows that any slice of any step has.</summary>
    public int MaxSliceRows => (int)(((long)Math.Min(Batch, SampleCount) + Slices - 1) / Slices);

    /// <summary>The largest power of two that leaves at least 32 samples a slice; at least 1, at most 64.</summary>
    public static int DefaultSlices(int batch) =>
        Math.Min(1 << BitOperations.Log2((uint)Math.Max(batch / LeastSamplesPerSlice, 1)), MostDefaultSlices);

    /// <param name="step">Within the epoch, from 0.</param>
    public RowRange StepRange(int step)
    {
        long start = (long)step * Batch;
        return new RowRange((int)start, (int)Math.Min(start + Batch, SampleCount));
    }

    /// <summary>Of n rows of the step, slice s of S has [n·s/S, n·(s+1)/S).</summary>
    public RowRange SliceRange(int step, int slice)
    {
        RowRange rows = StepRange(step);
        return new RowRange(
            rows.Start + (int)((long)rows.Count * slice / Slices),
            rows.Start + (int)((long)rows.Count * (slice + 1) / Slices));
    }
}
