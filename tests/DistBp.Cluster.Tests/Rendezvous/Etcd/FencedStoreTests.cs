using System.Globalization;
using System.Text;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Learning;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

[Collection(EtcdCollection.Name)]
public sealed class FencedStoreTests(SharedEtcd shared)
{
    [EtcdFact]
    public async Task Values_are_found_by_the_next_leader()
    {
        using ElectionSite site = await SiteAsync();
        await using (Leadership first = await site.CampaignAsync("a"))
        {
            using FencedStore store = site.StoreOf(first);
            await PutAsync(store, "term", "1");
            // More than are read in one call.
            for (int i = 0; i < 2 * EtcdLimits.PageValues + 1; i++) await PutAsync(store, $"jobs/{i:000}", $"job {i}");
            await PutAsync(store, "jobs/002", "job two");
            Assert.False((await store.DeleteAsync("jobs/001", CancellationToken.None)).IsDeposed);
            Assert.False((await store.DeleteAsync("nothing", CancellationToken.None)).IsDeposed);
            await first.ResignAsync();
        }
        await using Leadership second = await site.CampaignAsync("b");
        using FencedStore next = site.StoreOf(second);
        string[] expected =
            [.. Enumerable.Range(0, 2 * EtcdLimits.PageValues + 1).Where(i => i != 1).Select(i => $"jobs/{i:000}: job {(i == 2 ? "two" : $"{i}")}")];
        Assert.Equal(expected, await ListAsync(next, "jobs/"));
        Assert.Equal(expected.Append("term: 1"), await ListAsync(next, ""));
        Assert.Empty(await ListAsync(next, "none"));
    }

    [EtcdFact]
    public async Task A_deposed_leader_that_knows_nothing_of_it_writes_and_reads_nothing()
    {
        using ElectionSite a = await SiteAsync(), b = await SiteAsync(a);
        await using Leadership first = await a.CampaignAsync("a");
        using FencedStore store = a.StoreOf(first);
        await PutAsync(store, "job", "of a");
        await b.Etcd.RevokeAsync((await b.CandidatesAsync())[0].Lease);
        await using Leadership second = await b.CampaignAsync("b");
        using FencedStore next = b.StoreOf(second);
        Assert.True(first.IsHeld);

        Fenced<long> written = await store.PutAsync("job", "of a, late"u8.ToArray(), CancellationToken.None);
        Assert.True(written.IsDeposed);
        Assert.Equal($"the term {first.Term} of this coordinator is over: etcd has another leader, or none", written.Reason);
        Assert.True(first.Lost.IsCancellationRequested);
        Assert.True((await store.DeleteAsync("job", CancellationToken.None)).IsDeposed);
        Assert.True((await store.ListAsync("", CancellationToken.None)).IsDeposed);
        Assert.Equal(["job: of a"], await ListAsync(next, ""));
        await PutAsync(next, "job", "of b");
        Assert.Equal(["job: of b"], await ListAsync(next, ""));
    }

    [EtcdFact]
    public async Task A_deposed_leader_that_reads_first_learns_of_it_too()
    {
        using ElectionSite a = await SiteAsync(), b = await SiteAsync(a);
        await using Leadership first = await a.CampaignAsync("a");
        await b.Etcd.RevokeAsync((await b.CandidatesAsync())[0].Lease);
        using FencedStore store = a.StoreOf(first);
        Assert.True((await store.ListAsync("", CancellationToken.None)).IsDeposed);
    }

    [EtcdFact]
    public async Task An_attempt_that_is_served_late_does_nothing()
    {
        using ElectionSite site = await SiteAsync();
        await using Leadership leadership = await site.CampaignAsync("a");
        using FencedStore store = site.StoreOf(leadership);
        await PutAsync(store, "job", "first");
        await PutAsync(store, "job", "second");
        Assert.False((await store.DeleteAsync("job", CancellationToken.None)).IsDeposed);
        TxnResponse late = await AttemptAsync(site, leadership, written: leadership.Term, "job", "first");
        Assert.False(late.Succeeded);
        Assert.Empty(await ListAsync(store, ""));
    }

    [EtcdFact]
    public async Task After_an_attempt_whose_response_was_lost_writes_go_on()
    {
        using ElectionSite site = await SiteAsync();
        await using Leadership leadership = await site.CampaignAsync("a");
        using FencedStore store = site.StoreOf(leadership);
        Assert.True((await AttemptAsync(site, leadership, written: leadership.Term, "job", "first")).Succeeded);
        await PutAsync(store, "job", "second");
        await PutAsync(store, "other", "third");
        Assert.Equal(["job: second", "other: third"], await ListAsync(store, ""));
    }

    [EtcdFact]
    public async Task The_largest_value_that_is_not_refused_here_is_not_refused_by_etcd()
    {
        using ElectionSite site = await SiteAsync();
        await using Leadership leadership = await site.CampaignAsync("a");
        using FencedStore store = site.StoreOf(leadership);
        int bytes = EtcdLimits.MaxRequestBytes;
        UserException wrong = await Assert.ThrowsAsync<UserException>(() => store.PutAsync("job", new byte[bytes], CancellationToken.None));
        Assert.Equal(ErrorKind.Usage, wrong.Kind);
        int request = int.Parse(wrong.Message.Split("a request of ")[1].Split(" bytes")[0], NumberStyles.AllowThousands, CultureInfo.InvariantCulture);
        bytes -= request - EtcdLimits.MaxRequestBytes;
        await Assert.ThrowsAsync<UserException>(() => store.PutAsync("job", new byte[bytes + 1], CancellationToken.None));
        Assert.False((await store.PutAsync("job", new byte[bytes], CancellationToken.None)).IsDeposed);
        // A page of the largest values fits into a response.
        for (int i = 0; i < EtcdLimits.PageValues; i++) await store.PutAsync($"j{i:00}", new byte[bytes], CancellationToken.None);
        Fenced<IReadOnlyList<StoredValue>> read = await store.ListAsync("", CancellationToken.None);
        Assert.Equal(EtcdLimits.PageValues + 1, read.Value!.Count);
        Assert.All(read.Value, v => Assert.Equal(bytes, v.Bytes.Length));
    }

    [EtcdFact]
    public async Task Writes_at_the_same_time_all_come_to_pass()
    {
        using ElectionSite site = await SiteAsync();
        await using Leadership leadership = await site.CampaignAsync("a");
        using FencedStore store = site.StoreOf(leadership);
        await Task.WhenAll(Enumerable.Range(0, 50).Select(i => PutAsync(store, $"{i:00}", "x")));
        Assert.Equal(50, (await ListAsync(store, "")).Length);
    }

    private static async Task PutAsync(FencedStore store, string name, string text)
    {
        Fenced<long> written = await store.PutAsync(name, Encoding.UTF8.GetBytes(text), CancellationToken.None);
        Assert.False(written.IsDeposed, written.Reason);
    }

    private static async Task<string[]> ListAsync(FencedStore store, string beginning)
    {
        Fenced<IReadOnlyList<StoredValue>> read = await store.ListAsync(beginning, CancellationToken.None);
        Assert.False(read.IsDeposed, read.Reason);
        return [.. read.Value!.Select(v => $"{v.Name}: {Encoding.UTF8.GetString(v.Bytes.Span)}")];
    }

    /// <summary>What a store sends to an endpoint when its last write was at that revision.</summary>
    private static Task<TxnResponse> AttemptAsync(ElectionSite site, Leadership leadership, long written, string name, string text)
    {
        ByteString leader = ByteString.CopyFromUtf8(leadership.Key);
        var put = new PutRequest { Key = ByteString.CopyFromUtf8(site.Options.Keys.Value(name)), Value = ByteString.CopyFromUtf8(text) };
        return site.Etcd.TransactAsync(
            new TxnRequest
            {
                Compare = { Guard.CreatedAt(leader, leadership.Term), Guard.WrittenAt(leader, written) },
                Success =
                {
                    new RequestOp { RequestPut = new PutRequest { Key = leader, IgnoreValue = true, IgnoreLease = true } },
                    new RequestOp { RequestPut = put },
                },
            },
            CancellationToken.None);
    }

    private async Task<ElectionSite> SiteAsync(ElectionSite? beside = null) =>
        new((await shared.StartedAsync()).Endpoints, beside?.Options.Keys.ToString() ?? shared.NewPrefix());
}
