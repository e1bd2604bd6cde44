using System.Globalization;
using System.Text;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>
/// The state of an elected coordinator. Its term counts reigns without gaps: it is a value like others, read and written on under the fence of the election's own
/// term before anything else, so of two coordinators the later one has the higher term, and no two have the same.
/// </summary>
internal sealed class EtcdStore : ICoordinatorStore
{
    private const string TermName = "term", ClusterName = "cluster";
    private static readonly TimeSpan PauseOutOfReach = TimeSpan.FromMilliseconds(200);

    private readonly Leadership _leadership;
    private readonly FencedStore _values;
    private readonly TimeProvider _time;
    private readonly Action<string> _tell;
    private int _disposed;

    private EtcdStore(EtcdClient etcd, EtcdKeys keys, Leadership leadership, TimeProvider time, Action<string> tell) =>
        (_leadership, _values, _time, _tell) = (leadership, new FencedStore(etcd, keys, leadership), time, tell);

    public long Term { get; private set; }

    public CancellationToken Ended => _leadership.Lost;

    public bool IsHeld => _leadership.IsHeld;

    /// <summary>Begins a reign: its term is in etcd when this returns.</summary>
    /// <param name="leadership">Ends with the store, or with a failure here.</param>
    /// <param name="cluster">The cluster's name: the state of another one is refused.</param>
    /// <param name="tell">Told when etcd is out of reach, and that the reign is given back without its knowledge.</param>
    /// <exception cref="UserException">The state is of another cluster, or etcd refuses.</exception>
    /// <exception cref="ReignEndedException">It was over before it had begun.</exception>
    public static async Task<EtcdStore> BeginAsync(
        EtcdClient etcd, EtcdKeys keys, Leadership leadership, string cluster, TimeProvider time, Action<string> tell)
    {
        var store = new EtcdStore(etcd, keys, leadership, time, tell);
        bool begun = false;
        try
        {
            await store.BeginAsync(keys, cluster).ConfigureAwait(false);
            begun = true;
            return store;
        }
        finally
        {
            if (!begun) await store.DisposeAsync().ConfigureAwait(false);
        }
    }

    public async Task<IReadOnlyDictionary<string, byte[]>> ReadAllAsync()
    {
        Dictionary<string, byte[]> values = await ReadAsync().ConfigureAwait(false);
        values.Remove(TermName);
        values.Remove(ClusterName);
        return values;
    }

    public Task PutAsync(string name, ReadOnlyMemory<byte> value)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(value.Length, ICoordinatorStore.MaxValueBytes);
        return HoldAsync(() => _values.PutAsync(name, value, CancellationToken.None));
    }

    public Task DeleteAsync(string name) => HoldAsync(() => _values.DeleteAsync(name, CancellationToken.None));

    /// <summary>Ends the reign; the next candidate need not wait until the lease has run out.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        // First of all, and at once: whoever writes in this reign is refused from here on.
        string? failure = await _leadership.ResignAsync().ConfigureAwait(false);
        if (failure is not null) _tell($"the next coordinator waits until this one's lease has run out: {failure}");
        await _leadership.DisposeAsync().ConfigureAwait(false);
    }

    private async Task BeginAsync(EtcdKeys keys, string cluster)
    {
        Dictionary<string, byte[]> values = await ReadAsync().ConfigureAwait(false);
        if (values.TryGetValue(ClusterName, out byte[]? name) && Encoding.UTF8.GetString(name) is { } other && other != cluster)
        {
            throw new UserException(
                ErrorKind.Usage, $"what etcd holds below {keys} is of the cluster '{other}', and this coordinator is of '{cluster}'", "distbp.rendezvous.etcd.prefix",
                "check distbp.cluster.name, or give this cluster a prefix of its own");
        }
        long before = 0;
        if (values.TryGetValue(TermName, out byte[]? term) && !long.TryParse(Encoding.ASCII.GetString(term), NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            throw new UserException(
                ErrorKind.Usage, "what etcd holds is no coordinator's term", keys.Value(TermName), "give the cluster a prefix that nobody else uses");
        }
        if (term is null && values.Keys.FirstOrDefault(n => n != ClusterName) is { } orphan)
        {
            throw new UserException(
                ErrorKind.Usage, $"etcd holds {orphan}, and not the term that it is of", keys.Value(TermName),
                "bring etcd back from a copy; or delete what is below the prefix and restart all nodes: then the queue of jobs is empty");
        }
        Term = before + 1;
        await PutAsync(TermName, Encoding.ASCII.GetBytes(Term.ToString(CultureInfo.InvariantCulture))).ConfigureAwait(false);
        if (name is null) await PutAsync(ClusterName, Encoding.UTF8.GetBytes(cluster)).ConfigureAwait(false);
    }

    private async Task<Dictionary<string, byte[]>> ReadAsync()
    {
        IReadOnlyList<StoredValue> values = await HoldAsync(() => _values.ListAsync("", CancellationToken.None)).ConfigureAwait(false);
        return values.ToDictionary(v => v.Name, v => v.Bytes.ToArray());
    }

    /// <summary>An etcd that is out of reach is waited for as long as the reign lasts: its lease is the bound.</summary>
    private async Task<T> HoldAsync<T>(Func<Task<Fenced<T>>> access)
    {
        while (true)
        {
            try
            {
                Fenced<T> done = await access().ConfigureAwait(false);
                return done.IsDeposed ? throw new ReignEndedException(done.Reason) : done.Value;
            }
            catch (UserException failure) when (failure.InnerException is RpcException cause && EtcdFailure.IsTransient(cause) && _leadership.IsHeld)
            {
                _tell($"{failure.Message}; trying again while the lease lasts");
            }
            await Task.Delay(PauseOutOfReach, _time).ConfigureAwait(false);
        }
    }
}
