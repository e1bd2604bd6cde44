using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Nodes;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Protocol;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Hosting;

public sealed class ComplaintsTests
{
    [Fact]
    public async Task A_node_that_is_no_part_of_a_job_any_more_fails_it_by_no_complaint()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=200", "schedule={constant: {}}");
        await using HostedCluster cluster = await HostedCluster.StartAsync(members: 2, sharedMemory: false);
        using ClusterClient client = cluster.Client();
        while ((await client.StatusAsync()).Members.Count < 2) await Task.Delay(5);
        (string id, _) = await client.SubmitAsync(job);
        using var probe = new RunProbe();
        Task<RunResult> watching = client.WatchAsync(id, [probe], null);
        while (probe.Epochs.Count < 2 && !watching.IsCompleted) await Task.Delay(2);
        using var channel = new GrpcChannel(cluster.Coordinator.Uri, GrpcLimits.Default);
        // Of a live node, but of an incarnation that was lost long ago; and of one that nobody knows.
        foreach (string name in (string[])["n1", "x"])
        {
            var complaint = new Complaint { Job = 1, Node = name, Incarnation = 7, Reason = "it fails", Term = 1 };
            await channel.UnaryAsync(HostingMethods.Complain, complaint, new CallCredentials(ClusterConfiguration.Default.Cluster).Metadata, TestCluster.Patience);
        }
        Assert.False(watching.IsCompleted, "the run ended before anybody complained: it must be longer");
        Assert.Equal((await TestRun.WholeAsync(job)).Outcome, Outcome.Of(await watching.WaitAsync(TestCluster.Patience)));
    }

    [Theory]
    [InlineData(3, "")]
    [InlineData(4, "")]
    [InlineData(2, "b1 is in generation 1.3 of job 7, and this node sends in 1.2: nothing of that is applied any more.")]
    public async Task A_generation_that_is_over_is_told_of_where_this_node_hears_of_no_newer_one(int heard, string words)
    {
        var warnings = new List<string>();
        ClusterConfiguration c = ClusterConfiguration.Default with
        {
            FailureDetector = new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(5), TimeSpan.FromMilliseconds(10)),
        };
        var self = new PeerNode("a1", 1, new NodeAddress("127.0.0.1", 1));
        var complaints = new Complaints(new NodeContext(c, StaticRendezvous.Of(c), new CallCredentials(c.Cluster), Tell: _ => { }, Warn: warnings.Add), 7, self, () => 1);
        var fence = new Contract.Fence { Job = 7, Sent = new() { Term = 1, Number = 2 }, Newest = new() { Term = 1, Number = 3 } };
        await complaints.TellOfFenceAsync(self with { Name = "b1" }, fence, () => new Generation(1, heard));
        Assert.StartsWith(words, string.Concat(warnings), StringComparison.Ordinal);
        Assert.Equal(words.Length > 0 ? 1 : 0, warnings.Count);
    }
}
