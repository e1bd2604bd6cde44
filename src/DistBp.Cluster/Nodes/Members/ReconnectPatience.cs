namespace DistBp.Cluster.Nodes.Members;

/// <summary>
/// How long a node, or a client that watches, tries to reach its coordinator, and how often: pauses double from the first to the longest. Several attempts fall into an
/// acceptable pause: for so long a coordinator that comes back waits for those who were there.
/// </summary>
internal sealed class ReconnectPatience(TimeSpan acceptablePause, TimeProvider time)
{
    /// <summary>In acceptable pauses: 30 s with the default of 2 s.</summary>
    public const int Pauses = 15;

    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(50), MostPause = TimeSpan.FromSeconds(1);

    private TimeSpan _next = First;
    private long? _since;

    private TimeSpan Longest => acceptablePause / 4 < MostPause ? acceptablePause / 4 : MostPause;

    public TimeSpan Limit => acceptablePause * Pauses;

    /// <summary>The coordinator was tried in vain, and not reached since.</summary>
    public bool IsAtWork => _since is not null;

    /// <summary>The coordinator has been reached.</summary>
    public void Reset() => (_since, _next) = (null, First);

    /// <summary>The pause before the next attempt; null once the patience is at its end.</summary>
    public TimeSpan? Next()
    {
        _since ??= time.GetTimestamp();
        if (time.GetElapsedTime(_since.Value) >= Limit) return null;
        TimeSpan pause = _next < Longest ? _next : Longest;
        _next = pause * 2;
        return pause;
    }
}
