namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>
/// A reign that was won. It lasts until <see cref="Lost"/>, which comes before anybody else can lead; what is written by <see cref="FencedStore"/> is safe
/// even where this process stood still and does not know yet that it has lost.
/// </summary>
/// <remarks>Disposed of without having resigned it ends as that of a process that has died: the next leader comes when the lease has run out.</remarks>
internal sealed class Leadership : IAsyncDisposable
{
    private readonly Lease _lease;

    internal Leadership(Lease lease, string key, long term) => (_lease, Key, Term) = (lease, key, term);

    /// <summary>Of the candidate in etcd.</summary>
    public string Key { get; }

    /// <summary>
    /// The revision of etcd's store at which this candidate came forward (create_revision): each leader's is higher than that of all before it. It
    /// counts whatever is written to that etcd, so it has gaps, and may pass 2^31.
    /// </summary>
    public long Term { get; }

    /// <summary>Cancelled when this reign is over.</summary>
    public CancellationToken Lost => _lease.Lost;

    /// <summary>False from the moment on at which it may not be counted on any more; asks the clock.</summary>
    public bool IsHeld => _lease.IsHeld;

    /// <summary>How the reign ended; null while it lasts.</summary>
    public string? LossReason => _lease.LossReason;

    /// <summary>As etcd granted the lease.</summary>
    public TimeSpan TimeToLive => _lease.TimeToLive;

    /// <summary>Ends the reign, then lets the next candidate take over at once.</summary>
    /// <returns>Null, or why etcd could not be told: the next one waits until the lease has run out.</returns>
    public Task<string?> ResignAsync(CancellationToken cancellation = default) => _lease.TryRevokeAsync(cancellation);

    public ValueTask DisposeAsync() => _lease.DisposeAsync();

    /// <summary>etcd has told that the reign is over.</summary>
    internal void Depose(string reason) => _lease.Lose(reason);
}
