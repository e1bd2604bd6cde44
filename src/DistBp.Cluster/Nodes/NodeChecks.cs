using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes;

/// <summary>What must hold before a node starts; all that is wrong is told at once.</summary>
internal static class NodeChecks
{
    private const long LeastMessageBytes = 64 << 10;

    /// <summary>What etcd grants at least, with its own defaults.</summary>
    private static readonly TimeSpan LeastLease = TimeSpan.FromSeconds(2);

    /// <exception cref="UserException">The node must not start so.</exception>
    public static void Require(ClusterConfiguration c)
    {
        var problems = new List<Problem>();
        if (!c.Node.Listen.IsLoopback && c.Cluster.Secret.IsNone)
        {
            problems.Add(new Problem(
                $"the node listens at {c.Node.Listen}, which others can reach, and the cluster has no secret", "distbp.cluster.secret",
                "set DISTBP_SECRET (and secret = ${?DISTBP_SECRET}) on all nodes, or listen at 127.0.0.1"));
        }
        if (c.Node.Listen.IsWildcard && c.Node.Advertise is null)
        {
            problems.Add(new Problem(
                $"the node listens at {c.Node.Listen}, which nobody can call", "distbp.node.advertise", "say where other nodes call it: --advertise HOST:PORT"));
        }
        if (!c.Tls.IsNone) problems.Add(new Problem("TLS is not available in this version", "distbp.tls", "leave it empty, and give the cluster a secret"));
        if (c.Wire.MaxMessageBytes is < LeastMessageBytes or > int.MaxValue)
            problems.Add(new Problem($"{c.Wire.MaxMessageBytes} bytes is out of bounds", "distbp.wire.max-message", "choose from 64KiB to 2047MiB"));
        if (c.FailureDetector.AcceptablePause < c.FailureDetector.HeartbeatInterval * 2)
        {
            problems.Add(new Problem(
                "a member that misses one heartbeat would be lost", "distbp.failure-detector.acceptable-pause", "make it at least twice the heartbeat-interval"));
        }
        if (c.Rendezvous.Kind == RendezvousKind.Etcd && c.Rendezvous.Etcd.Lease < LeastLease)
        {
            problems.Add(new Problem(
                "a lease so short is lost by any pause of etcd or of this node", "distbp.rendezvous.etcd.lease",
                $"make it at least {LeastLease.TotalSeconds} s: it is how long a coordinator that has died is not replaced"));
        }
        if (!c.Node.Roles.HasFlag(NodeRoles.Coordinator) && c.Rendezvous.Kind == RendezvousKind.Static && c.Rendezvous.Coordinator == Advertised(c)
            && c.Node.Listen.Port != 0)
        {
            problems.Add(new Problem(
                $"the node is to join the coordinator at {c.Rendezvous.Coordinator}, which is its own address, and it is no coordinator", "distbp.node.roles",
                "add coordinator to its roles, or give it another address with --listen"));
        }
        if (problems.Count > 0) throw new UserException(ErrorKind.Usage, problems);
    }

    private static NodeAddress Advertised(ClusterConfiguration c) => c.Node.Advertise ?? c.Node.Listen;
}
