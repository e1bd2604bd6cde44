using System.Threading.Channels;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

[Collection(EtcdCollection.Name)]
public sealed class LeaderDirectoryTests(SharedEtcd shared)
{
    private static readonly EtcdLimits s_hasty = new(
        AttemptTimeout: TimeSpan.FromSeconds(0.3), CallTimeout: TimeSpan.FromSeconds(1), WatchTimeout: TimeSpan.FromSeconds(1));

    [EtcdFact]
    public async Task A_leader_is_found_as_soon_as_there_is_one()
    {
        using ElectionSite site = await SiteAsync(), member = await SiteAsync(site);
        Task<Leader> search = member.Directory.FindAsync(CancellationToken.None);
        await Task.Delay(300);
        Assert.False(search.IsCompleted);
        await using Leadership leadership = await site.CampaignAsync("a");
        Assert.Equal(new Leader("a", new NodeAddress("a", 5600), leadership.Term), await search.WaitAsync(ElectionSite.Patience));
        using ElectionSite client = await SiteAsync(site);
        Assert.Equal("a", (await client.Directory.FindAsync(CancellationToken.None).WaitAsync(ElectionSite.Patience)).Name);
    }

    [EtcdFact]
    public async Task Who_watches_learns_of_each_change_over_a_compaction_too()
    {
        using ElectionSite a = await SiteAsync(), b = await SiteAsync(a), member = await SiteAsync(a);
        using var over = new CancellationTokenSource();
        Channel<Leader?> seen = Channel.CreateUnbounded<Leader?>();
        Task watching = Task.Run(async () =>
        {
            await foreach (Leader? leader in member.Directory.WatchAsync(over.Token)) seen.Writer.TryWrite(leader);
        });
        Assert.Null(await NextAsync());
        await using Leadership first = await a.CampaignAsync("a");
        Assert.Equal(first.Term, (await NextAsync())!.Term);
        Task<Leadership> campaign = b.CampaignAsync("b");
        await b.ToldAsync("waiting behind");

        // The leader's writes are no news, and what was before them is forgotten.
        using FencedStore store = a.StoreOf(first);
        long revision = 0;
        for (int i = 0; i < 20; i++) revision = (await store.PutAsync("job", new byte[i], CancellationToken.None)).Value;
        await a.Etcd.CompactAsync(revision);
        await first.ResignAsync();
        await using Leadership second = await campaign.WaitAsync(ElectionSite.Patience);
        Assert.Equal(new Leader("b", new NodeAddress("b", 5600), second.Term), await NextAsync());
        await second.ResignAsync();
        Assert.Null(await NextAsync());
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => watching);

        async Task<Leader?> NextAsync() => await seen.Reader.ReadAsync().AsTask().WaitAsync(ElectionSite.Patience);
    }

    [EtcdFact]
    public async Task The_last_leader_stands_while_etcd_is_away()
    {
        await using EtcdProcesses etcd = await EtcdProcesses.StartAsync(members: 1);
        using ElectionSite a = new(etcd.Endpoints, "/away", TimeSpan.FromSeconds(30)), member = new(etcd.Endpoints, "/away", limits: s_hasty);
        await using Leadership first = await a.CampaignAsync("a");
        using var over = new CancellationTokenSource();
        await using IAsyncEnumerator<Leader?> leaders = member.Directory.WatchAsync(over.Token).GetAsyncEnumerator();
        Assert.True(await leaders.MoveNextAsync());
        Assert.Equal("a", leaders.Current?.Name);
        Task<bool> next = leaders.MoveNextAsync().AsTask();
        etcd.Freeze(0);
        await member.ToldAsync("etcd does not answer at ");
        Assert.False(next.IsCompleted);
        etcd.Thaw(0);
        await first.ResignAsync();
        Assert.True(await next.WaitAsync(ElectionSite.Patience));
        Assert.Null(leaders.Current);
    }

    [EtcdFact]
    public async Task That_nobody_leads_is_told_with_what_to_do()
    {
        using var site = new ElectionSite((await shared.StartedAsync()).Endpoints, shared.NewPrefix(), acceptablePause: TimeSpan.FromMilliseconds(20));
        UserException nobody = await Assert.ThrowsAsync<UserException>(() => site.Directory.FindAsync(CancellationToken.None));
        Assert.Equal(ErrorKind.Cluster, nobody.Kind);
        Assert.Equal(
            $"there was no coordinator in etcd below {site.Options.Keys} for 0.3 s (distbp.rendezvous.etcd): start a node with the role coordinator "
                + "and the same etcd and prefix (distbp node --roles coordinator)",
            nobody.Message);
    }

    [EtcdFact]
    public async Task A_foreign_key_in_the_place_of_a_candidate_is_told()
    {
        using ElectionSite site = await SiteAsync();
        await site.Etcd.PutAsync(site.Options.Keys.Candidates + "x", "\xff");
        UserException foreign = await Assert.ThrowsAsync<UserException>(() => site.Directory.FindAsync(CancellationToken.None));
        Assert.Contains("holds no candidate of distbp (distbp.rendezvous.etcd.prefix): give the cluster a prefix", foreign.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<UserException>(() => site.CampaignAsync("a"));
    }

    private async Task<ElectionSite> SiteAsync(ElectionSite? beside = null) =>
        new((await shared.StartedAsync()).Endpoints, beside?.Options.Keys.ToString() ?? shared.NewPrefix());
}
