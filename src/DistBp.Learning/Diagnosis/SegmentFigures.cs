using DistBp.Learning.Kernels;
using DistBp.Learning.Optimizers;

namespace DistBp.Learning.Diagnosis;

/// <summary>
/// What a server measures of its parameters on a sampled step, segment by segment, so that sums over a parameter are the same over any
/// number of servers: the segment's number; Σ g², max |g| and the zeros of the mean gradient (as clipping by norms gets it); Σ w² before and
/// Σ Δw² of the update. Of a table of rows it measures the touched rows, piece by piece.
/// </summary>
/// <param name="mostSegments">Of the shard.</param>
public sealed class SegmentFigures(int mostSegments)
{
    private const int PerSegment = 6;
    private readonly double[] _figures = new double[PerSegment * mostSegments];
    private readonly float[] _before = new float[ParameterLayout.BlockLength];
    private int _count;

    /// <summary>[segments, 6] since the last <see cref="Clear"/>.</summary>
    public ReadOnlySpan<double> Values => _figures.AsSpan(0, PerSegment * _count);

    public void Clear() => _count = 0;

    /// <summary>Adds the figures of a segment, or of a further piece of the one before.</summary>
    /// <param name="segment">Its number among all; they come in ascending order.</param>
    public void BeforeUpdate(int segment, ReadOnlySpan<float> gradient, ReadOnlySpan<float> parameters)
    {
        if (_count == 0 || Last[0] != segment)
        {
            _count++;
            Last.Clear();
            Last[0] = segment;
        }
        var g = Magnitudes.Of(gradient);
        Span<double> figures = Last;
        figures[1] += g.SquaredSum;
        figures[2] = Math.Max(figures[2], g.Maximum);
        figures[3] += g.Zeros;
        figures[4] += Reductions.SquaredNorm(parameters);
        parameters.CopyTo(_before);
    }

    /// <summary>Of what <see cref="BeforeUpdate"/> was told of last.</summary>
    public void AfterUpdate(ReadOnlySpan<float> parameters)
        => Last[5] += Magnitudes.SquaredDistance(parameters, _before.AsSpan(0, parameters.Length));

    /// <summary>The figures of each trained parameter, in the order of the layout's views.</summary>
    /// <param name="shards">Of each server, in their order.</param>
    public static ParameterFigures[] Combine(NormSegments segments, ParameterLayout layout, IReadOnlyList<ReadOnlyMemory<double>> shards)
    {
        var sums = new double[PerSegment * layout.Views.Count];
        foreach (ReadOnlyMemory<double> shard in shards)
        {
            for (int i = 0; i < shard.Length; i += PerSegment)
            {
                ReadOnlySpan<double> figures = shard.Span.Slice(i, PerSegment);
                Span<double> sum = sums.AsSpan(PerSegment * segments[(int)figures[0]].View, PerSegment);
                for (int k = 1; k < PerSegment; k++) sum[k] = k == 2 ? Math.Max(sum[k], figures[k]) : sum[k] + figures[k];
            }
        }
        return [.. layout.Views.Where(v => v.Trained).Select((view, i) => ParameterFigures.Of(view, sums.AsSpan(PerSegment * i + 1, PerSegment - 1)))];
    }

    private Span<double> Last => _figures.AsSpan(PerSegment * (_count - 1), PerSegment);
}
