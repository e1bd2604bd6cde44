using System.Threading.Channels;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Nodes;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Configuration;

namespace DistBp.Cluster.Tests.Hosting;

public sealed class IntroductionTests
{
    /// <summary>The trials of waits found one that froze while others were introduced to it: they waited for it for ten seconds after its loss was known, and then were dropped themselves.</summary>
    [Fact]
    public Task Nobody_waits_to_be_introduced_to_a_node_that_is_lost() => TrainAsync(mute => mute.BeLost(), "its connection ended");

    [Fact]
    public Task A_node_that_admits_nobody_is_named_by_those_who_want_to_and_goes() => TrainAsync(_ => { }, "it has not admitted this node within 5 s");

    /// <param name="then">Happens when both other nodes wait for the mute one.</param>
    private static async Task TrainAsync(Action<MuteNode> then, string reason)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=20");
        await using HostedCluster cluster = await HostedCluster.StartAsync(members: 2, sharedMemory: false);
        using ClusterClient client = cluster.Client();
        while ((await client.StatusAsync()).Members.Count < 2) await Task.Delay(5);
        Channel<string> calls = Channel.CreateBounded<string>(16);
        await using MuteNode mute = await MuteNode.JoinAsync(cluster.Coordinator, "c0", node => calls.Writer.TryWrite(node));
        (string id, _) = await client.SubmitAsync(job);
        using var probe = new RunProbe();
        Task<RunResult> watching = client.WatchAsync(id, [probe], null);
        using var patience = new CancellationTokenSource(TestCluster.Patience);
        string[] waiting = [await calls.Reader.ReadAsync(patience.Token), await calls.Reader.ReadAsync(patience.Token)];
        then(mute);
        RunResult result = await watching.WaitAsync(TestCluster.Patience);
        Assert.Equal(["n1", "n2"], waiting.Order());
        Assert.Equal((await TestRun.WholeAsync(job)).Outcome, Outcome.Of(result));
        MemberFigures lost = Assert.Single(probe.Members, m => m.Change == "lost");
        Assert.StartsWith(MuteNode.Name, lost.Node, StringComparison.Ordinal);
        Assert.Contains(reason, lost.Reason, StringComparison.Ordinal);
    }
}
