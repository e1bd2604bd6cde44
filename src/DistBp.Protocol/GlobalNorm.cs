namespace DistBp.Protocol;

/// <summary>Exact clipping needs one number that every server computes with the same bits, over any number of shards.</summary>
public static class GlobalNorm
{
    /// <summary>
    /// Adds the squared norms of all segments in the order of the flat buffer, in double. A square of a float cannot overflow a double, so
    /// the sum is finite exactly where every element of the gradient is.
    /// </summary>
    /// <returns>Whether the step may be applied, else the first segment that holds a NaN or an infinity; and the L2 norm.</returns>
    public static (bool Accepted, int BadSegment, double Norm) Decide(ReadOnlySpan<ReadOnlyMemory<double>> squaredNorms)
    {
        double sum = 0;
        int segment = 0;
        foreach (ReadOnlyMemory<double> shard in squaredNorms)
        {
            foreach (double squaredNorm in shard.Span)
            {
                if (!double.IsFinite(squaredNorm)) return (false, segment, double.NaN);
                sum += squaredNorm;
                segment++;
            }
        }
        return (true, -1, Math.Sqrt(sum));
    }
}
