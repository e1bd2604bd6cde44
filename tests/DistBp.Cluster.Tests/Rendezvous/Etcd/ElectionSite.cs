using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Cluster.Rendezvous.Etcd.Api;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>One process's view of an election: its client, its candidate, and what it was told.</summary>
internal sealed class ElectionSite : IDisposable
{
    /// <summary>Far longer than anything in a test takes on a busy machine.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<string> _told = [];

    public ElectionSite(IReadOnlyList<string> endpoints, string prefix, TimeSpan? lease = null, TimeSpan? acceptablePause = null, EtcdLimits? limits = null)
    {
        Etcd = new EtcdClient(endpoints, limits ?? EtcdLimits.Default, TimeProvider.System);
        Options = new ElectionOptions(new EtcdKeys(prefix), lease ?? TimeSpan.FromSeconds(20), acceptablePause ?? TimeSpan.FromSeconds(2));
        Election = new LeaderElection(Etcd, Options, TimeProvider.System, Tell);
        Directory = new LeaderDirectory(Etcd, Options, TimeProvider.System, Tell);
    }

    public EtcdClient Etcd { get; }

    public ElectionOptions Options { get; }

    public LeaderElection Election { get; }

    public LeaderDirectory Directory { get; }

    public string Told
    {
        get
        {
            lock (_told) return string.Join('\n', _told);
        }
    }

    public Task<Leadership> CampaignAsync(string name, CancellationToken cancellation = default) =>
        Election.CampaignAsync(new Candidate { Name = name, Address = $"{name}:5600" }, cancellation);

    public FencedStore StoreOf(Leadership leadership) => new(Etcd, Options.Keys, leadership);

    /// <summary>In the order in which they came forward.</summary>
    public Task<IReadOnlyList<KeyValue>> CandidatesAsync() => Etcd.ListAsync(Options.Keys.Candidates);

    /// <summary>Waits until it was told this.</summary>
    public async Task ToldAsync(string what)
    {
        long begin = TimeProvider.System.GetTimestamp();
        while (!Told.Contains(what, StringComparison.Ordinal))
        {
            Assert.True(TimeProvider.System.GetElapsedTime(begin) < Patience, $"'{what}' was not told, but: {Told}");
            await Task.Delay(10);
        }
    }

    public void Dispose() => Etcd.Dispose();

    private void Tell(string line)
    {
        lock (_told) _told.Add(line);
    }
}
