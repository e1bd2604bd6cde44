using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

public enum RendezvousKind
{
    /// <summary>The coordinator is at a known address.</summary>
    Static,
    Etcd,
    Akka,
}

/// <summary>distbp.rendezvous: how a node finds its coordinator.</summary>
/// <param name="Coordinator">Where it is called, with <see cref="RendezvousKind.Static"/>.</param>
public sealed record RendezvousConfiguration(RendezvousKind Kind, NodeAddress Coordinator, EtcdConfiguration Etcd)
{
    internal static RendezvousConfiguration Describe(IFields f, RendezvousConfiguration rendezvous) => rendezvous with
    {
        Kind = f.Field("kind", rendezvous.Kind, WordForm.Of<RendezvousKind>("kind of rendezvous")),
        Coordinator = f.Field("coordinator", rendezvous.Coordinator, AddressForm.Instance),
        Etcd = f.Field("etcd", rendezvous.Etcd, new MapForm<EtcdConfiguration>(rendezvous.Etcd, EtcdConfiguration.Describe)),
    };
}
