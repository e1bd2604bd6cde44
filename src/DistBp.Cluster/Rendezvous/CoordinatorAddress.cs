using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>How a node finds its coordinator: in this version at the address that its configuration gives.</summary>
internal static class CoordinatorAddress
{
    /// <exception cref="UserException">The kind of rendezvous is one of a later version.</exception>
    public static NodeAddress Find(RendezvousConfiguration rendezvous) => rendezvous.Kind == RendezvousKind.Static
        ? rendezvous.Coordinator
        : throw new UserException(
            ErrorKind.Usage, $"the rendezvous over {WordOf(rendezvous.Kind)} comes in a later version", "distbp.rendezvous.kind",
            "use kind = \"static\" and give the coordinator's address");

    private static string WordOf(RendezvousKind kind) => kind == RendezvousKind.Etcd ? "etcd" : "Akka.Cluster";
}
