using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>How coordinators are elected, and found.</summary>
/// <param name="Lease">
/// How long a leader that has died stays the leader, at most; etcd grants whole seconds, and not less than it takes to elect its own leader.
/// </param>
/// <param name="AcceptablePause">An etcd that cannot be reached is given up after as many of them as members wait for their coordinator.</param>
internal sealed record ElectionOptions(EtcdKeys Keys, TimeSpan Lease, TimeSpan AcceptablePause)
{
    public static ElectionOptions Of(ClusterConfiguration configuration) => new(
        new EtcdKeys(configuration.Rendezvous.Etcd.Prefix), configuration.Rendezvous.Etcd.Lease, configuration.FailureDetector.AcceptablePause);
}
