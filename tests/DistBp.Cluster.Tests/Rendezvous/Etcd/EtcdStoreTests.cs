using System.Text;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

[Collection(EtcdCollection.Name)]
public sealed class EtcdStoreTests(SharedEtcd shared)
{
    private static readonly NodeAddress s_here = new("127.0.0.1", 5600), s_there = new("127.0.0.1", 5601);

    [EtcdFact]
    public async Task Reigns_are_counted_without_gaps_and_the_next_one_finds_what_the_one_before_has_left()
    {
        string prefix = shared.NewPrefix();
        await using EtcdRendezvous a = await RendezvousAsync("a", prefix), b = await RendezvousAsync("b", prefix);
        using var wish = new CancellationTokenSource();
        ICoordinatorStore first = await a.ReignAsync(s_here, wish.Token);
        Assert.Equal(1, first.Term);
        Assert.True(first.IsHeld);
        Assert.Empty(await first.ReadAllAsync());
        await first.PutAsync("job-1", "one"u8.ToArray());
        await first.PutAsync("job-2", "two"u8.ToArray());
        await first.DeleteAsync("job-2");
        await first.DeleteAsync("job-3");
        Task<ICoordinatorStore> waiting = b.ReignAsync(s_there, wish.Token);
        Assert.Equal(s_here, await b.FindAsync(wish.Token));
        Assert.False(waiting.IsCompleted);

        await first.DisposeAsync();
        Assert.False(first.IsHeld);
        Assert.True(first.Ended.IsCancellationRequested);
        await Assert.ThrowsAsync<ReignEndedException>(() => first.PutAsync("job-1", "late"u8.ToArray()));
        ICoordinatorStore second = await waiting.WaitAsync(ElectionSite.Patience);
        Assert.Equal(2, second.Term);
        Assert.Equal(["job-1: one"], (await second.ReadAllAsync()).Select(v => $"{v.Key}: {Encoding.UTF8.GetString(v.Value)}"));
        Assert.Equal(s_there, await a.FindAsync(wish.Token));
        await second.DisposeAsync();
        await using ICoordinatorStore third = await a.ReignAsync(s_here, wish.Token);
        Assert.Equal(3, third.Term);
    }

    [EtcdFact]
    public async Task One_that_is_deposed_and_does_not_know_has_the_lower_term_and_writes_nothing()
    {
        string prefix = shared.NewPrefix();
        await using EtcdRendezvous a = await RendezvousAsync("a", prefix), b = await RendezvousAsync("b", prefix);
        using var site = new ElectionSite((await shared.StartedAsync()).Endpoints, prefix);
        await using ICoordinatorStore first = await a.ReignAsync(s_here, default);
        await first.PutAsync("job-1", "of a"u8.ToArray());
        await site.Etcd.RevokeAsync((await site.CandidatesAsync())[0].Lease);
        await using ICoordinatorStore second = await b.ReignAsync(s_there, default).WaitAsync(ElectionSite.Patience);
        Assert.Equal((1, 2), (first.Term, second.Term));
        Assert.True(first.IsHeld);
        var over = await Assert.ThrowsAsync<ReignEndedException>(() => first.PutAsync("job-1", "late"u8.ToArray()));
        Assert.Contains("is over: etcd has another leader, or none", over.Message, StringComparison.Ordinal);
        Assert.False(first.IsHeld);
        Assert.True(first.Ended.IsCancellationRequested);
        await Assert.ThrowsAsync<ReignEndedException>(() => first.DeleteAsync("job-1"));
        await Assert.ThrowsAsync<ReignEndedException>(first.ReadAllAsync);
        Assert.Equal(["job-1: of a"], (await second.ReadAllAsync()).Select(v => $"{v.Key}: {Encoding.UTF8.GetString(v.Value)}"));
    }

    [EtcdFact]
    public async Task The_state_of_another_cluster_is_refused_and_its_coordinators_are_not_kept_waiting()
    {
        string prefix = shared.NewPrefix();
        await using EtcdRendezvous a = await RendezvousAsync("a", prefix), other = await RendezvousAsync("b", prefix, cluster: "other");
        await (await a.ReignAsync(s_here, default)).DisposeAsync();
        UserException refused = await Assert.ThrowsAsync<UserException>(() => other.ReignAsync(s_there, default));
        Assert.Equal(ErrorKind.Usage, refused.Kind);
        Assert.Contains($"below {prefix} is of the cluster 'elected', and this coordinator is of 'other'", refused.Message, StringComparison.Ordinal);
        await using ICoordinatorStore next = await a.ReignAsync(s_here, default).WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(2, next.Term);
    }

    [EtcdFact]
    public async Task A_term_that_is_none_and_values_without_a_term_are_refused()
    {
        string prefix = shared.NewPrefix();
        using var site = new ElectionSite((await shared.StartedAsync()).Endpoints, prefix);
        await using EtcdRendezvous a = await RendezvousAsync("a", prefix);
        await site.Etcd.PutAsync(site.Options.Keys.Value("job-1"), "orphan");
        UserException orphan = await Assert.ThrowsAsync<UserException>(() => a.ReignAsync(s_here, default));
        Assert.Contains("etcd holds job-1, and not the term that it is of", orphan.Message, StringComparison.Ordinal);
        await site.Etcd.PutAsync(site.Options.Keys.Value("term"), "-1");
        UserException wrong = await Assert.ThrowsAsync<UserException>(() => a.ReignAsync(s_here, default));
        Assert.Contains($"what etcd holds is no coordinator's term ({prefix}/state/term)", wrong.Message, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task A_write_waits_for_an_etcd_that_is_away_for_less_than_the_lease_and_ends_with_the_lease_otherwise()
    {
        await using EtcdProcesses etcd = await EtcdProcesses.StartAsync(members: 1);
        await using var a = new EtcdRendezvous(Configuration("a", "/p", etcd.Endpoints, TimeSpan.FromSeconds(20)), TimeProvider.System, _ => { });
        await using ICoordinatorStore store = await a.ReignAsync(s_here, default);
        etcd.Freeze(0);
        // Longer than a call to etcd may take.
        Task put = store.PutAsync("job-1", "one"u8.ToArray());
        await Task.Delay(EtcdLimits.Default.CallTimeout + TimeSpan.FromSeconds(1));
        Assert.False(put.IsCompleted);
        etcd.Thaw(0);
        await put.WaitAsync(ElectionSite.Patience);
        Assert.True(store.IsHeld);
        await etcd.KillAsync(0);
        await Assert.ThrowsAsync<ReignEndedException>(() => store.PutAsync("job-1", "two"u8.ToArray()).WaitAsync(ElectionSite.Patience));
        Assert.False(store.IsHeld);
    }

    private async Task<EtcdRendezvous> RendezvousAsync(string name, string prefix, string cluster = "elected") => new(
        Configuration(name, prefix, (await shared.StartedAsync()).Endpoints, TimeSpan.FromSeconds(20), cluster), TimeProvider.System, _ => { });

    private static ClusterConfiguration Configuration(
        string name, string prefix, IReadOnlyList<string> endpoints, TimeSpan lease, string cluster = "elected") => ClusterConfiguration.Default with
    {
        Cluster = new NamingConfiguration(cluster, ClusterSecret.None),
        Node = ClusterConfiguration.Default.Node with { Name = name },
        Rendezvous = ClusterConfiguration.Default.Rendezvous with
        {
            Kind = RendezvousKind.Etcd,
            Etcd = new EtcdConfiguration(new ValueList<string>([.. endpoints]), prefix, lease),
        },
    };
}
