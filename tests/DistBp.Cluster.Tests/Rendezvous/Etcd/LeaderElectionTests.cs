using System.Globalization;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Cluster.Rendezvous.Etcd.Api;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

[Collection(EtcdCollection.Name)]
public sealed class LeaderElectionTests(SharedEtcd shared)
{
    private static readonly TimeSpan s_short = TimeSpan.FromSeconds(2);

    [EtcdFact]
    public async Task Who_resigns_hands_over_at_once_and_a_later_leader_has_a_higher_term()
    {
        using ElectionSite a = await SiteAsync(out string prefix), b = await SiteAsync(prefix);
        await using Leadership first = await a.CampaignAsync("a");
        Task<Leadership> campaign = b.CampaignAsync("b");
        await b.ToldAsync("waiting behind the coordinator a at a:5600");
        Assert.False(campaign.IsCompleted);
        Assert.True(first.IsHeld);

        long begin = TimeProvider.System.GetTimestamp();
        Assert.Null(await first.ResignAsync());
        await using Leadership second = await campaign.WaitAsync(ElectionSite.Patience);
        // The lease would have lasted for 20 s.
        Assert.InRange(TimeProvider.System.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(5));
        Assert.True(second.Term > first.Term, $"{second.Term} after {first.Term}");
        Assert.True(first.Lost.IsCancellationRequested && !first.IsHeld);
        Assert.Equal("it was given back", first.LossReason);
        Assert.True(second.IsHeld && !second.Lost.IsCancellationRequested);
    }

    [EtcdFact]
    public async Task A_leader_that_dies_is_replaced_when_its_lease_has_run_out()
    {
        using ElectionSite a = await SiteAsync(out string prefix, s_short), b = await SiteAsync(prefix, s_short);
        Leadership first = await a.CampaignAsync("a");
        Task<Leadership> campaign = b.CampaignAsync("b");
        await b.ToldAsync("waiting behind");

        long begin = TimeProvider.System.GetTimestamp();
        await first.DisposeAsync();
        await using Leadership second = await campaign.WaitAsync(ElectionSite.Patience);
        // It was renewed a third of its life ago at most, but for what a busy machine adds.
        TimeSpan waited = TimeProvider.System.GetElapsedTime(begin);
        Assert.InRange(waited, first.TimeToLive / 3, first.TimeToLive + TimeSpan.FromSeconds(5));
        Assert.True(second.Term > first.Term);
    }

    [EtcdFact]
    public async Task A_leader_that_is_cut_off_knows_that_it_has_lost_before_another_one_leads()
    {
        EtcdProcesses etcd = await shared.StartedAsync();
        string prefix = shared.NewPrefix();
        await using var network = new FreezableProxy(etcd.Endpoints[0]);
        using ElectionSite a = new([network.Url], prefix, s_short), b = await SiteAsync(prefix, s_short);
        await using Leadership first = await a.CampaignAsync("a");
        Task<Leadership> campaign = b.CampaignAsync("b");
        await b.ToldAsync("waiting behind");

        long lostAt = 0;
        using CancellationTokenRegistration lost = first.Lost.UnsafeRegister(_ => Volatile.Write(ref lostAt, TimeProvider.System.GetTimestamp()), null);
        network.Freeze();
        await using Leadership second = await campaign.WaitAsync(ElectionSite.Patience);
        long wonAt = TimeProvider.System.GetTimestamp();
        Assert.InRange(Volatile.Read(ref lostAt), 1, wonAt);
        Assert.False(first.IsHeld);
        Assert.Contains("it could not be renewed for ", first.LossReason, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task A_candidate_that_loses_its_lease_goes_to_the_end_of_the_queue()
    {
        using ElectionSite a = await SiteAsync(out string prefix), b = await SiteAsync(prefix, s_short), c = await SiteAsync(prefix);
        await using Leadership first = await a.CampaignAsync("a");
        Task<Leadership> second = b.CampaignAsync("b");
        await b.ToldAsync("waiting behind the coordinator a");
        Task<Leadership> third = c.CampaignAsync("c");
        await c.ToldAsync("waiting behind the coordinator b");

        await a.Etcd.RevokeAsync((await a.CandidatesAsync())[1].Lease);
        await b.ToldAsync("waiting behind the coordinator c");
        Assert.Contains("coming forward again", b.Told, StringComparison.Ordinal);
        await c.ToldAsync("waiting behind the coordinator a");
        await first.ResignAsync();
        await using Leadership next = await third.WaitAsync(ElectionSite.Patience);
        Assert.False(second.IsCompleted);
        await next.ResignAsync();
        await (await second.WaitAsync(ElectionSite.Patience)).DisposeAsync();
    }

    [EtcdFact]
    public async Task A_candidate_that_no_longer_wants_to_leaves_the_queue()
    {
        using ElectionSite a = await SiteAsync(out string prefix), b = await SiteAsync(prefix);
        await using Leadership first = await a.CampaignAsync("a");
        using var wish = new CancellationTokenSource();
        Task<Leadership> campaign = b.CampaignAsync("b", wish.Token);
        await b.ToldAsync("waiting behind");
        Assert.Equal(2, (await a.CandidatesAsync()).Count);
        await wish.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => campaign.WaitAsync(ElectionSite.Patience));
        KeyValue left = Assert.Single(await a.CandidatesAsync());
        Assert.Equal(first.Key, left.Key.ToStringUtf8());
        Assert.EndsWith(left.Lease.ToString("x16", CultureInfo.InvariantCulture), first.Key, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task Three_members_of_etcd_carry_on_without_one_and_not_without_two()
    {
        await using EtcdProcesses etcd = await EtcdProcesses.StartAsync(members: 3);
        using ElectionSite a = new(etcd.Endpoints, "/three", TimeSpan.FromSeconds(6)), b = new(etcd.Endpoints, "/three", TimeSpan.FromSeconds(6));
        await using Leadership first = await a.CampaignAsync("a");
        using FencedStore firstStore = a.StoreOf(first);
        Assert.False((await firstStore.PutAsync("job", "1"u8.ToArray(), CancellationToken.None)).IsDeposed);
        Task<Leadership> campaign = b.CampaignAsync("b");
        await b.ToldAsync("waiting behind");

        // The one that both have talked to until now.
        await etcd.KillAsync(0);
        Assert.False((await firstStore.PutAsync("job", "2"u8.ToArray(), CancellationToken.None)).IsDeposed);
        await Task.Delay(first.TimeToLive);
        Assert.True(first.IsHeld, first.LossReason);
        await first.ResignAsync();
        await using Leadership second = await campaign.WaitAsync(ElectionSite.Patience);
        using FencedStore secondStore = b.StoreOf(second);
        StoredValue found = Assert.Single((await secondStore.ListAsync("", CancellationToken.None)).Value!);
        Assert.Equal("2"u8, found.Bytes.Span);

        long begin = TimeProvider.System.GetTimestamp();
        await etcd.KillAsync(1);
        // By the clock, however late anybody is told of it.
        TimeSpan rest = second.TimeToLive - TimeProvider.System.GetElapsedTime(begin);
        if (rest > TimeSpan.Zero) await Task.Delay(rest);
        Assert.False(second.IsHeld);
        await second.Lost.AsTask().WaitAsync(ElectionSite.Patience);
        Assert.Contains(etcd.Endpoints[2], second.LossReason, StringComparison.Ordinal);
    }

    private async Task<ElectionSite> SiteAsync(string prefix, TimeSpan? lease = null) => new((await shared.StartedAsync()).Endpoints, prefix, lease);

    private Task<ElectionSite> SiteAsync(out string prefix, TimeSpan? lease = null) => SiteAsync(prefix = shared.NewPrefix(), lease);
}
