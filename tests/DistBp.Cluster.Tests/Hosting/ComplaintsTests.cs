using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Rendezvous;
using DistBp.Protocol;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Tests.Hosting;

public sealed class ComplaintsTests
{
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
