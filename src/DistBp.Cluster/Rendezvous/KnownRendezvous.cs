using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Rendezvous.Etcd;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>The rendezvous of this assembly, by their kinds.</summary>
internal static class KnownRendezvous
{
    /// <param name="tell">Shows a line: who is waited for.</param>
    /// <exception cref="UserException">The kind is another assembly's.</exception>
    public static IRendezvous Of(ClusterConfiguration c, Action<string> tell) => c.Rendezvous.Kind switch
    {
        RendezvousKind.Static => StaticRendezvous.Of(c),
        RendezvousKind.Etcd => new EtcdRendezvous(c, TimeProvider.System, tell),
        _ => throw new UserException(
            ErrorKind.Usage, "the rendezvous over Akka.Cluster is none of this program's", "distbp.rendezvous.kind",
            "use kind = \"static\" and give the coordinator's address, or kind = \"etcd\""),
    };
}
