using DistBp.Cluster.Rendezvous.Etcd;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

[Collection(EtcdCollection.Name)]
public sealed class LeaseTests(SharedEtcd shared)
{
    [EtcdFact]
    public async Task The_time_is_the_one_that_etcd_grants_and_it_is_renewed()
    {
        using EtcdClient client = await ClientAsync();
        // etcd grants no less than one and a half of its own election's time-out of 1 s.
        await using Lease lease = await GrantAsync(client, seconds: 1);
        Assert.Equal(TimeSpan.FromSeconds(2), lease.TimeToLive);
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.True(lease.IsHeld, lease.LossReason);
        Assert.Null(lease.LossReason);
    }

    [EtcdFact]
    public async Task A_lease_that_somebody_revokes_is_lost_at_its_next_renewal()
    {
        using EtcdClient client = await ClientAsync();
        await using Lease lease = await GrantAsync(client, seconds: 6);
        await client.RevokeAsync(lease.Id);
        long begin = TimeProvider.System.GetTimestamp();
        await lease.Lost.AsTask().WaitAsync(ElectionSite.Patience);
        Assert.InRange(TimeProvider.System.GetElapsedTime(begin), TimeSpan.Zero, lease.TimeToLive * 0.8);
        Assert.Equal("etcd has let it run out, or somebody has revoked it", lease.LossReason);
    }

    [EtcdFact]
    public Task A_lease_that_is_not_renewed_is_lost_when_etcd_stands_still() => IsLostAsync(etcd =>
    {
        etcd.Freeze(0);
        return Task.CompletedTask;
    });

    [EtcdFact]
    public Task A_lease_that_is_not_renewed_is_lost_when_etcd_is_killed() => IsLostAsync(etcd => etcd.KillAsync(0));

    [EtcdFact]
    public async Task A_short_standstill_of_etcd_loses_no_lease()
    {
        await using EtcdProcesses etcd = await EtcdProcesses.StartAsync(members: 1);
        using var client = new EtcdClient(etcd.Endpoints, EtcdLimits.Default, TimeProvider.System);
        await using Lease lease = await GrantAsync(client, seconds: 6);
        etcd.Freeze(0);
        await Task.Delay(TimeSpan.FromSeconds(3));
        etcd.Thaw(0);
        await Task.Delay(TimeSpan.FromSeconds(4));
        Assert.True(lease.IsHeld, lease.LossReason);
    }

    [EtcdFact]
    public async Task A_process_that_stood_still_does_not_count_on_its_lease()
    {
        using EtcdClient client = await ClientAsync();
        var clock = new StoppedTimers();
        await using Lease lease = await Lease.GrantAsync(client, TimeSpan.FromSeconds(10), clock, CancellationToken.None);
        clock.Advance(TimeSpan.FromSeconds(8.9));
        Assert.True(lease.IsHeld);
        // No timer has fired, and yet:
        clock.Advance(TimeSpan.FromSeconds(0.2));
        Assert.False(lease.IsHeld);
        Assert.False(lease.Lost.IsCancellationRequested);
    }

    private static async Task IsLostAsync(Func<EtcdProcesses, Task> stop)
    {
        await using EtcdProcesses etcd = await EtcdProcesses.StartAsync(members: 1);
        using var client = new EtcdClient(etcd.Endpoints, EtcdLimits.Default, TimeProvider.System);
        await using Lease lease = await GrantAsync(client, seconds: 3);
        // In the middle of a life, after some renewals.
        await Task.Delay(TimeSpan.FromSeconds(2.5));
        Assert.True(lease.IsHeld);
        long begin = TimeProvider.System.GetTimestamp();
        await stop(etcd);
        await lease.Lost.AsTask().WaitAsync(ElectionSite.Patience);
        // The last renewal that etcd can have served was before it was stopped.
        Assert.True(TimeProvider.System.GetElapsedTime(begin) >= lease.TimeToLive * 0.3, "lost too soon");
        // A busy machine's timer may be late; that nobody counts on the lease by then says the clock, in the test below.
        Assert.False(lease.IsHeld);
        Assert.Matches(@"^it could not be renewed for \d\.\d of its 3 s: etcd does not answer at http://127\.0\.0\.1:", lease.LossReason);
    }

    private static Task<Lease> GrantAsync(EtcdClient client, int seconds) =>
        Lease.GrantAsync(client, TimeSpan.FromSeconds(seconds), TimeProvider.System, CancellationToken.None);

    private async Task<EtcdClient> ClientAsync() => new((await shared.StartedAsync()).Endpoints, EtcdLimits.Default, TimeProvider.System);
}
