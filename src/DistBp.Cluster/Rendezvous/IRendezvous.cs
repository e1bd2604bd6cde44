using DistBp.Cluster.Configuration;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>How a cluster agrees on its coordinator: who it is, and where. Nodes and clients have one each.</summary>
internal interface IRendezvous : IAsyncDisposable
{
    /// <summary>
    /// True: any number of nodes may be coordinators, of whom one reigns at a time, and where it is changes; false: there is one, at a known address.
    /// </summary>
    bool Elects { get; }

    /// <summary>Where the coordinator is now. Waits for one where there is none, as long as members wait for their coordinator.</summary>
    /// <exception cref="UserException">There is none still, or it is not to be learnt.</exception>
    Task<NodeAddress> FindAsync(CancellationToken cancellation);

    /// <summary>Waits, however long, until this node is the coordinator.</summary>
    /// <param name="self">Where others call this node.</param>
    /// <returns>Its state, and its reign, which ends when the store is disposed of, at the latest.</returns>
    /// <exception cref="UserException">This node cannot be the coordinator, or it is not to be learnt whether it is.</exception>
    Task<ICoordinatorStore> ReignAsync(NodeAddress self, CancellationToken cancellation);
}
