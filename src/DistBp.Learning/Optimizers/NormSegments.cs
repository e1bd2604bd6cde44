namespace DistBp.Learning.Optimizers;

/// <summary>A run of the flat gradient that lies in one parameter and in one block: the unit whose squared norm is taken.</summary>
/// <param name="Offset">In the flat buffer.</param>
/// <param name="View">The index of the parameter in <see cref="ParameterLayout.Views"/>.</param>
public readonly record struct NormSegment(int Offset, int Count, int View)
{
    public int End => Offset + Count;
}

/// <summary>
/// The updated range of a layout cut at block boundaries and at parameter boundaries. Shards are whole blocks, so each segment belongs to
/// one server, and norms summed in the segments' order are the same over any number of servers.
/// </summary>
public sealed class NormSegments
{
    private readonly NormSegment[] _segments;
    private readonly int[] _firstOfView;

    public NormSegments(ParameterLayout layout)
    {
        var segments = new List<NormSegment>();
        _firstOfView = new int[layout.Views.Count];
        for (int view = 0; view < layout.Views.Count && layout.Views[view].Updated; view++)
        {
            ParameterView parameter = layout.Views[view];
            _firstOfView[view] = segments.Count;
            for (int offset = parameter.Offset; offset < parameter.End;)
            {
                long blockEnd = ((long)offset / ParameterLayout.BlockLength + 1) * ParameterLayout.BlockLength;
                int end = (int)Math.Min(parameter.End, blockEnd);
                segments.Add(new NormSegment(offset, end - offset, view));
                offset = end;
            }
        }
        _segments = [.. segments];
        ViewCount = layout.Views.Count;
    }

    public int Count => _segments.Length;

    /// <summary>Parameters of the layout, updated or not.</summary>
    public int ViewCount { get; }

    public NormSegment this[int index] => _segments[index];

    /// <summary>The segment that a position of a parameter lies in.</summary>
    public int IndexOf(int view, int position)
        => _firstOfView[view] + position / ParameterLayout.BlockLength - _segments[_firstOfView[view]].Offset / ParameterLayout.BlockLength;

    /// <summary>The segments of [offset, end), whose boundaries are those of blocks or of parameters.</summary>
    public (int First, int Count) Range(int offset, int end)
    {
        int first = LowerBound(offset);
        return (first, LowerBound(end) - first);
    }

    // The first segment that does not begin before offset.
    private int LowerBound(int offset)
    {
        int low = 0, high = _segments.Length;
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_segments[middle].Offset < offset) low = middle + 1;
            else high = middle;
        }
        return low;
    }
}
