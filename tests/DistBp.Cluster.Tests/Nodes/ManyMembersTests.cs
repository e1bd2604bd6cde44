using System.Diagnostics;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Tests.Actors;
using Xunit.Abstractions;

namespace DistBp.Cluster.Tests.Nodes;

[Collection(AloneCollection.Name)]
public sealed class ManyMembersTests(ITestOutputHelper output)
{
    /// <summary>Both sides of a thousand connections share this process with whatever else runs here; nobody is to be lost for that.</summary>
    private static readonly FailureDetectorConfiguration Patient = new(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(20));

    /// <summary>Each with a connection of its own, as from as many machines; they listen nowhere.</summary>
    [Fact]
    public async Task A_thousand_members_join_stay_and_leave()
    {
        const int count = 1000;
        await using TestCluster cluster = await TestCluster.StartAsync(detection: Patient);
        using var leave = new CancellationTokenSource();
        using var abort = new CancellationTokenSource();
        long begin = Stopwatch.GetTimestamp();
        TimeSpan processor = Process.GetCurrentProcess().TotalProcessorTime;
        Membership[] members = [.. Enumerable.Range(0, count).Select(i => Member(cluster, i))];
        Task[] running = [.. members.Select(m => m.RunAsync(leave.Token, abort.Token))];
        await cluster.Coordinator.LineAsync($"; {count} members");
        TimeSpan joined = Stopwatch.GetElapsedTime(begin);
        await Task.Delay(2000);
        Assert.Equal(count, cluster.Coordinator.Node.Duty!.Members.Members.Count);
        TimeSpan used = Process.GetCurrentProcess().TotalProcessorTime - processor;
        await leave.CancelAsync();
        await Task.WhenAll(running).WaitAsync(TestCluster.Patience);
        Assert.Empty(cluster.Coordinator.Node.Duty!.Members.Members);
        output.WriteLine($"{count} joined within {joined}; processor time till then and for 2 s of heartbeats: {used}");
        foreach (Membership member in members) member.Dispose();
    }

    private static Membership Member(TestCluster cluster, int number)
    {
        ClusterConfiguration c = cluster.Configuration;
        var context = new NodeContext(
            c with { Node = c.Node with { Name = $"m{number}", Workers = 1 } }, StaticRendezvous.Of(c), new CallCredentials(c.Cluster), Tell: _ => { }, Warn: _ => { })
        {
            Endpoint = new NodeAddress("127.0.0.1", 1 + number),
        };
        return new Membership(context, new NodeParts((_, _, _, _, _) => throw new NotSupportedException()), _ => { });
    }
}
