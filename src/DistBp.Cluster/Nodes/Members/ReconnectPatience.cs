namespace DistBp.Cluster.Nodes.Members;

/// <summary>How long a node tries to reach its coordinator, and how often: pauses double from the first to the longest.</summary>
internal sealed class ReconnectPatience(TimeSpan acceptablePause, TimeProvider time)
{
    /// <summary>In acceptable pauses: 30 s with the default of 2 s.</summary>
    public const int Pauses = 15;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50), Longest = TimeSpan.FromSeconds(1);

    private TimeSpan _next = First;
    private long? _since;

    public TimeSpan Limit => acceptablePause * Pauses;

    /// <summary>The coordinator has been reached.</summary>
    public void Reset() => (_since, _next) = (null, First);

    /// <summary>The pause before the next attempt; null once the patience is at its end.</summary>
    public TimeSpan? Next()
    {
        _since ??= time.GetTimestamp();
        if (time.GetElapsedTime(_since.Value) >= Limit) return null;
        TimeSpan pause = _next;
        _next = _next * 2 < Longest ? _next * 2 : Longest;
        return pause;
    }
}
