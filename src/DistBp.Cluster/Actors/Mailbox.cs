namespace DistBp.Cluster.Actors;

/// <summary>
/// A bounded queue of messages and the flag that says whether somebody is draining it. A full mailbox is a bug: the protocol bounds what can
/// be under way to each member.
/// </summary>
internal sealed class Mailbox<T>(string owner)
    where T : class
{
    /// <summary>Far above what the protocol can have under way: each worker pushes at most 2·log2(slices) subtrees a step.</summary>
    public const int Capacity = 1 << 16;

    private readonly Lock _lock = new();
    private T[] _ring = new T[16];
    private int _head;
    private int _count;
    private bool _draining;

    /// <returns>True where the caller must now see to it that the mailbox is drained.</returns>
    public bool Post(T message)
    {
        lock (_lock)
        {
            if (_count == _ring.Length) Grow();
            _ring[(_head + _count++) & (_ring.Length - 1)] = message;
            if (_draining) return false;
            return _draining = true;
        }
    }

    /// <summary>The next message; false (and no longer draining) when there is none.</summary>
    public bool TryTake(out T? message)
    {
        lock (_lock)
        {
            if (_count == 0)
            {
                message = null;
                return _draining = false;
            }
            message = _ring[_head];
            _ring[_head] = null!;
            _head = (_head + 1) & (_ring.Length - 1);
            _count--;
            return true;
        }
    }

    public static InvalidOperationException Full(string owner) => new($"The mailbox of {owner} holds {Capacity} messages: something does not take them.");

    private void Grow()
    {
        if (_ring.Length == Capacity) throw Full(owner);
        var larger = new T[_ring.Length * 2];
        for (int i = 0; i < _count; i++) larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
        (_ring, _head) = (larger, 0);
    }
}
