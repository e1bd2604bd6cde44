using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>Where a coordinator keeps its state, by the kind of rendezvous.</summary>
internal static class CoordinatorStores
{
    private const string FolderName = "coordinator";

    /// <summary>Begins a reign.</summary>
    /// <exception cref="UserException">Another process is the coordinator, or the state cannot be used.</exception>
    public static Task<ICoordinatorStore> OpenAsync(ClusterConfiguration c)
    {
        // Where the coordinator is to be found is nobody's concern here; but a kind that there is not is an error.
        if (c.Rendezvous.Kind != RendezvousKind.Static) _ = CoordinatorAddress.Find(c.Rendezvous);
        return Task.FromResult<ICoordinatorStore>(StateFolder.Open(Path.Combine(c.Storage.State, FolderName), c.Cluster.Name));
    }
}
