namespace DistBp.Cluster.Wire.Members;

/// <summary>Which bytes of a tensor have come. Neighbours are joined, so ranges that come in some order stay few.</summary>
internal sealed class ReceivedRanges
{
    /// <summary>Ranges apart from each other.</summary>
    public const int Capacity = 256;

    private readonly List<(long Begin, long End)> _ranges = [];

    /// <summary>True when [0, count) has come.</summary>
    public bool Cover(long count) => count == 0 || (_ranges.Count == 1 && _ranges[0] == (0, count));

    public void Clear() => _ranges.Clear();

    /// <returns>False: some of it was there, or there are too many gaps.</returns>
    public bool TryAdd(long begin, long count)
    {
        if (count == 0) return true;
        long end = begin + count;
        int at = _ranges.Count;
        // From behind: most tensors come from front to back.
        while (at > 0 && _ranges[at - 1].Begin >= begin) at--;
        if (at > 0 && _ranges[at - 1].End > begin) return false;
        if (at < _ranges.Count && _ranges[at].Begin < end) return false;
        bool joinsLeft = at > 0 && _ranges[at - 1].End == begin, joinsRight = at < _ranges.Count && _ranges[at].Begin == end;
        if (joinsLeft && joinsRight)
        {
            _ranges[at - 1] = (_ranges[at - 1].Begin, _ranges[at].End);
            _ranges.RemoveAt(at);
            return true;
        }
        if (joinsLeft) _ranges[at - 1] = (_ranges[at - 1].Begin, end);
        else if (joinsRight) _ranges[at] = (begin, _ranges[at].End);
        else if (_ranges.Count < Capacity) _ranges.Insert(at, (begin, end));
        else return false;
        return true;
    }
}
