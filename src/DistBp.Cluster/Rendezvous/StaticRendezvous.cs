using DistBp.Cluster.Configuration;

namespace DistBp.Cluster.Rendezvous;

/// <summary>The coordinator is at a known address, and keeps its state for the process that is started there after it.</summary>
/// <param name="open">Begins a reign, or says why it cannot be.</param>
internal sealed class StaticRendezvous(NodeAddress coordinator, Func<ICoordinatorStore> open) : IRendezvous
{
    private const string FolderName = "coordinator";

    public bool Elects => false;

    public static StaticRendezvous Of(ClusterConfiguration c) =>
        new(c.Rendezvous.Coordinator, () => StateFolder.Open(Path.Combine(c.Storage.State, FolderName), c.Cluster.Name));

    /// <summary>Of a client that was given an address.</summary>
    public static StaticRendezvous At(NodeAddress coordinator) => new(coordinator, () => throw new InvalidOperationException("A client is no coordinator."));

    public Task<NodeAddress> FindAsync(CancellationToken cancellation) => Task.FromResult(coordinator);

    public Task<ICoordinatorStore> ReignAsync(NodeAddress self, CancellationToken cancellation) => Task.FromResult(open());

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;
}
