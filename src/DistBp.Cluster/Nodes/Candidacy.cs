using DistBp.Cluster.Rendezvous;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes;

/// <summary>
/// What a node with the role coordinator does where coordinators are elected: it stands by, reigns when it is its turn, and stands by again when its reign is
/// over. What its runs are at is left to the next coordinator, also where this node leaves.
/// </summary>
/// <param name="reigns">Told whether it is the coordinator now.</param>
internal sealed class Candidacy(NodeContext node, NodeParts parts, CoordinatorOffice office, Action<bool> reigns)
{
    /// <summary>Until it is stopped: then the next candidate follows at once.</summary>
    /// <exception cref="UserException">The rendezvous is out of reach for too long, or the coordinator's state cannot be used.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        while (!stop.IsCancellationRequested)
        {
            try
            {
                ICoordinatorStore store = await node.Rendezvous.ReignAsync(node.Endpoint, stop).ConfigureAwait(false);
                await using (store.ConfigureAwait(false)) await ReignAsync(store, stop).ConfigureAwait(false);
            }
            catch (ReignEndedException over) when (!stop.IsCancellationRequested)
            {
                node.Tell($"the coordinator no more, and standing by: {over.Message}");
            }
            catch (Exception end) when (stop.IsCancellationRequested && end is ReignEndedException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task ReignAsync(ICoordinatorStore store, CancellationToken stop)
    {
        Task resigning = Task.CompletedTask;
        using (stop.UnsafeRegister(_ => resigning = store.DisposeAsync().AsTask(), null))
        {
            using CoordinatorDuty duty = await CoordinatorDuty.CreateAsync(node, parts, store).ConfigureAwait(false);
            node.Tell($"the coordinator now, in its reign {store.Term}");
            office.Duty = duty;
            reigns(true);
            try
            {
                await duty.RunAsync(CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                office.Duty = null;
                reigns(false);
            }
        }
        await resigning.ConfigureAwait(false);
    }
}
