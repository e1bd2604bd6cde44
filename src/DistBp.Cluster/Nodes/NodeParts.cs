using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Nodes;

/// <summary>What a node does for jobs, beside membership and the queue.</summary>
/// <param name="Runner">On the coordinator's node: runs a job of the queue.</param>
internal sealed record NodeParts(JobRunner Runner)
{
    /// <summary>Adds methods to the node's server; their calls are checked (version, cluster, secret) before they arrive.</summary>
    public Action<GrpcServices> AddMethods { get; init; } = _ => { };

    /// <summary>Called at each admission, with the new incarnation: what an earlier membership has left here is to be dropped.</summary>
    public Action<ulong> Admitted { get; init; } = _ => { };

    /// <summary>Lives as long as the node, and is disposed of with it.</summary>
    public IAsyncDisposable? Resident { get; init; }
}
