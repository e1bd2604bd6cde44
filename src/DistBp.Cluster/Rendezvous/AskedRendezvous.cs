using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Status;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous;

/// <summary>
/// A client's, where nodes know among themselves who the coordinator is: it asks a node, which says where the coordinator is, which says where other nodes are.
/// </summary>
/// <param name="first">Any node.</param>
/// <param name="acceptablePause">Of the cluster: nodes without a coordinator are asked again as long as members wait for theirs.</param>
internal sealed class AskedRendezvous(NodeAddress first, CallCredentials credentials, TimeSpan acceptablePause, TimeProvider time) : IRendezvous
{
    /// <summary>Of the trailers with which a node answers that it is not the coordinator: where that is.</summary>
    public const string CoordinatorKey = "distbp-coordinator";

    private const int MaxKnown = 64;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly List<NodeAddress> _known = [first];

    public bool Elects => true;

    public async Task<NodeAddress> FindAsync(CancellationToken cancellation)
    {
        var patience = new ReconnectPatience(acceptablePause, time);
        while (true)
        {
            RpcException? last = null;
            foreach (NodeAddress address in Known())
            {
                try
                {
                    return await AskAsync(address, cancellation).ConfigureAwait(false);
                }
                catch (RpcException wrong) when (CallFailure.IsFinal(wrong))
                {
                    throw CallFailure.Tell(wrong, address);
                }
                catch (RpcException elsewhere)
                {
                    last = elsewhere;
                    if (NodeAddress.TryParse(elsewhere.Trailers.Get(CoordinatorKey) ?? "", out NodeAddress? coordinator)) Learn(coordinator.Value);
                }
            }
            TimeSpan pause = patience.Next() ?? throw new UserException(
                ErrorKind.Cluster, $"waited {patience.Limit.TotalSeconds:0.#} s for the coordinator: {last!.Detail}", first.ToString(),
                "are nodes with the role coordinator running? check the address and the network", last);
            await Task.Delay(pause, time, cancellation).ConfigureAwait(false);
        }
    }

    public Task<ICoordinatorStore> ReignAsync(NodeAddress self, CancellationToken cancellation) => throw new InvalidOperationException("A client is no coordinator.");

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private async Task<NodeAddress> AskAsync(NodeAddress node, CancellationToken cancellation)
    {
        using var channel = new GrpcChannel(node.Uri, GrpcLimits.Default);
        ClusterStatus status = await channel.UnaryAsync(ControlMethods.GetStatus, new(), credentials.Metadata, Patience, cancellation).ConfigureAwait(false);
        foreach (MemberStatus member in status.Members) Learn(NodeAddress.Parse(member.Address, member.Name));
        return NodeAddress.Parse(status.Address, status.Coordinator);
    }

    private NodeAddress[] Known()
    {
        lock (_gate) return [.. _known];
    }

    private void Learn(NodeAddress address)
    {
        lock (_gate)
        {
            if (_known.Contains(address)) return;
            // The first one is what the user has named.
            if (_known.Count == MaxKnown) _known.RemoveAt(1);
            _known.Add(address);
        }
    }
}
