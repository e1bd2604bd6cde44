using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>The squared norms of one step, segment by segment in ascending order; those of segments without a gradient are left out.</summary>
/// <param name="capacity">In segments.</param>
internal sealed class NormList(int capacity)
{
    private readonly int[] _segments = new int[capacity];
    private readonly double[] _squared = new double[capacity];
    private SegmentNorms _norms = new(default, default);
    private int _count;

    public ReadOnlySpan<int> Segments => _segments.AsSpan(0, _count);

    public ReadOnlySpan<double> Squared => _squared.AsSpan(0, _count);

    /// <summary>By reference; one object as long as the count stays.</summary>
    public SegmentNorms Norms =>
        _norms.Segments.Length == _count ? _norms : _norms = new SegmentNorms(_segments.AsMemory(0, _count), _squared.AsMemory(0, _count));

    public void Clear() => _count = 0;

    /// <summary>Of a segment after the last one, or a further piece of the last one: pieces are added in their order.</summary>
    public void Add(int segment, double squared)
    {
        if (_count > 0 && _segments[_count - 1] == segment)
        {
            _squared[_count - 1] += squared;
            return;
        }
        _segments[_count] = segment;
        _squared[_count++] = squared;
    }

    public void Add(SegmentNorms norms)
    {
        norms.Segments.Span.CopyTo(_segments.AsSpan(_count));
        norms.Squared.Span.CopyTo(_squared.AsSpan(_count));
        _count += norms.Segments.Length;
    }
}
