using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Tests.Hosting;

public sealed class NodeJobsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("distbp-node=b1 distbp-job=7", StatusCode.FailedPrecondition, "a1 takes no part in job 7, and b1 would send it messages of that job")]
    [InlineData("distbp-node=b1 distbp-job=-7", StatusCode.FailedPrecondition, "a1 takes no part in job -7")]
    [InlineData("distbp-node=b1", StatusCode.InvalidArgument, "the call has no distbp-job")]
    [InlineData("distbp-job=7", StatusCode.InvalidArgument, "the call has no distbp-node")]
    public async Task A_node_of_another_job_is_refused_before_it_sends_anything(string metadata, object status, string words)
    {
        ClusterConfiguration configuration = ClusterConfiguration.Default with { Storage = new StorageConfiguration(_folder["state"], _folder["runs"]) };
        configuration = configuration with { Node = configuration.Node with { Name = "a1" } };
        var node = new NodeContext(configuration, StaticRendezvous.Of(configuration), new CallCredentials(configuration.Cluster), Tell: _ => { }, Warn: _ => { }) { Endpoint = new NodeAddress("127.0.0.1", 1) };
        await using var jobs = new NodeJobs(node);
        var sent = new Metadata();
        foreach (string pair in metadata.Split(' ')) sent.Add(pair.Split('=')[0], pair.Split('=')[1]);
        RpcException refused = Assert.Throws<RpcException>(() => jobs.Admit(sent, "127.0.0.1:9"));
        Assert.Equal(status, refused.Status);
        Assert.StartsWith(words, refused.Detail, StringComparison.Ordinal);
    }
}
