using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Diagnosis;

/// <summary>
/// What a server measures of its parameters on a sampled step, segment by segment, so that sums over a parameter are the same over any
/// number of servers: Σ g², max |g| and the zeros of the mean gradient (as clipping by norms gets it), Σ w² before and Σ Δw² of the update.
/// </summary>
/// <param name="segmentCount">Of the shard.</param>
public sealed class SegmentFigures(int segmentCount)
{
    internal const int PerSegment = 5;
    private readonly double[] _figures = new double[PerSegment * segmentCount];
    private readonly float[] _before = new float[ParameterLayout.BlockLength];

    /// <summary>[segments, 5], of the last measured step.</summary>
    public ReadOnlySpan<double> Values => _figures;

    /// <param name="segment">Within the shard.</param>
    public void BeforeUpdate(int segment, ReadOnlySpan<float> gradient, ReadOnlySpan<float> parameters)
    {
        var g = Magnitudes.Of(gradient);
        Span<double> figures = Of(segment);
        (figures[0], figures[1], figures[2], figures[3]) = (g.SquaredSum, g.Maximum, g.Zeros, Reductions.SquaredNorm(parameters));
        parameters.CopyTo(_before);
    }

    public void AfterUpdate(int segment, ReadOnlySpan<float> parameters)
        => Of(segment)[4] = Magnitudes.SquaredDistance(parameters, _before.AsSpan(0, parameters.Length));

    /// <summary>The figures of each trained parameter, in the order of the layout's views.</summary>
    /// <param name="shards">Of each server, in their order.</param>
    public static ParameterFigures[] Combine(NormSegments segments, ParameterLayout layout, IReadOnlyList<ReadOnlyMemory<double>> shards)
    {
        var sums = new double[PerSegment * layout.Views.Count];
        int segment = 0;
        foreach (ReadOnlyMemory<double> shard in shards)
        {
            for (int i = 0; i < shard.Length; i += PerSegment, segment++)
            {
                ReadOnlySpan<double> figures = shard.Span.Slice(i, PerSegment);
                Span<double> sum = sums.AsSpan(PerSegment * segments[segment].View, PerSegment);
                for (int k = 0; k < PerSegment; k++) sum[k] = k == 1 ? Math.Max(sum[k], figures[k]) : sum[k] + figures[k];
            }
        }
        return [.. layout.Views.Where(v => v.Trained).Select((view, i) => ParameterFigures.Of(view, sums.AsSpan(PerSegment * i, PerSegment)))];
    }

    private Span<double> Of(int segment) => _figures.AsSpan(PerSegment * segment, PerSegment);
}
