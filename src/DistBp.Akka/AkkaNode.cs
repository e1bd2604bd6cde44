using DistBp.Cluster.Configuration;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Learning;

namespace DistBp.Akka;

/// <summary>A node whose cluster is held together by Akka.Cluster: rendezvous.kind = "akka".</summary>
public static class AkkaNode
{
    /// <param name="file">The cluster.hocon with the akka block, which Akka.NET reads itself.</param>
    /// <param name="tell">Shows a line: who joins, leaves and is lost; called on any thread.</param>
    /// <exception cref="UserException">The configuration must not be so, or an address is not to be had.</exception>
    public static Task<ClusterNode> StartAsync(ClusterConfiguration configuration, string? file, Action<string> tell)
    {
        NodeChecks.Require(configuration);
        return ClusterNode.StartAsync(configuration, ClusterRunner.Create, tell, rendezvous: new AkkaRendezvous(configuration, file, tell));
    }
}
