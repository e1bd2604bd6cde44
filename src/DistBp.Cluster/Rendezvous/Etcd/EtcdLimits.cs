namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>What bounds the calls to etcd.</summary>
/// <param name="AttemptTimeout">How long one endpoint has to answer before the next one is asked.</param>
/// <param name="CallTimeout">How long all endpoints together have: longer than etcd needs to elect a new leader of its own members.</param>
/// <param name="WatchTimeout">How long a watch lives before whoever watches looks anew: what an endpoint forgets to tell is known by then.</param>
internal sealed record EtcdLimits(TimeSpan AttemptTimeout, TimeSpan CallTimeout, TimeSpan WatchTimeout)
{
    /// <summary>Of a request, by default on etcd's side (--max-request-bytes): 1.5 MiB less what etcd's log adds to a request.</summary>
    public const int MaxRequestBytes = (3 << 19) - 512;

    /// <summary>Values that are read in one call.</summary>
    public const int PageValues = 16;

    /// <summary>Of a response: a page of the largest values.</summary>
    public const int MaxResponseBytes = PageValues * (3 << 19) + (64 << 10);

    public static readonly EtcdLimits Default = new(TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8), TimeSpan.FromMinutes(1));
}
