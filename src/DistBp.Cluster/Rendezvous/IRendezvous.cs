using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>How a cluster agrees on its coordinator: who it is, and where. Nodes and clients have one each.</summary>
internal interface IRendezvous : IAsyncDisposable
{
    /// <summary>
    /// True: any number of nodes may be coordinators, of whom one reigns at a time, and where it is changes; false: there is one, at a known address.
    /// </summary>
    bool Elects { get; }

    /// <summary>Cancelled when the rendezvous' own means let this node go: it hands over what it has and ends, as one that was told to leave.</summary>
    CancellationToken Dismissed => CancellationToken.None;

    /// <summary>Of the actors of jobs on this node: by the threads that bring their messages, where the rendezvous has nothing of its own for actors.</summary>
    IActorHosting Hosting => ThreadHosting.Instance;

    /// <summary>Where the coordinator is now. Waits for one where there is none, as long as members wait for their coordinator.</summary>
    /// <exception cref="UserException">There is none still, or it is not to be learnt.</exception>
    Task<NodeAddress> FindAsync(CancellationToken cancellation);

    /// <summary>Waits, however long, until this node is the coordinator.</summary>
    /// <param name="self">Where others call this node.</param>
    /// <returns>Its state, and its reign, which ends when the store is disposed of, at the latest.</returns>
    /// <exception cref="UserException">This node cannot be the coordinator, or it is not to be learnt whether it is.</exception>
    Task<ICoordinatorStore> ReignAsync(NodeAddress self, CancellationToken cancellation);

    /// <summary>A membership of the node's, where it is known by the rendezvous' own means who is there; null: it is a call of gRPC, with heartbeats.</summary>
    /// <param name="abort">Ends it at once.</param>
    IMembershipSession? Open(NodeContext node, CancellationToken abort) => null;

    /// <summary>This node is the coordinator: those who come by <see cref="Open"/> become its members, as long as it reigns.</summary>
    void Receive(NodeContext node, JoinService joining, ClusterMembers members)
    {
    }
}
