using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>Exact clipping needs one number that every server computes with the same bits, over any number of shards.</summary>
public static class GlobalNorm
{
    /// <summary>
    /// Adds the squared norms of all segments in the order of the flat buffer, in double; one that is left out is 0. A square of a float cannot overflow a double, so
    /// the sum is finite exactly where every element of the gradient is.
    /// </summary>
    /// <returns>Whether the step may be applied, else the first segment that holds a NaN or an infinity; and the L2 norm.</returns>
    public static (bool Accepted, int BadSegment, double Norm) Decide(ReadOnlySpan<SegmentNorms> norms)
    {
        double sum = 0;
        foreach (SegmentNorms shard in norms)
        {
            ReadOnlySpan<double> squared = shard.Squared.Span;
            for (int i = 0; i < squared.Length; i++)
            {
                if (!double.IsFinite(squared[i])) return (false, shard.Segments.Span[i], double.NaN);
                sum += squared[i];
            }
        }
        return (true, -1, Math.Sqrt(sum));
    }
}
