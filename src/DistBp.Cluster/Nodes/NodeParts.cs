using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes;

/// <summary>What a node does for jobs, beside membership and the queue.</summary>
/// <param name="Runner">On the coordinator's node: runs a job of the queue.</param>
internal sealed record NodeParts(JobRunner Runner)
{
    /// <summary>Adds methods to the node's server; their calls are checked (version, cluster, secret) before they arrive.</summary>
    public Action<GrpcServices> AddMethods { get; init; } = _ => { };

    /// <summary>Called at each admission: what an earlier incarnation has left here is to be dropped.</summary>
    public Action<NodeAdmission> Admitted { get; init; } = _ => { };

    /// <summary>The jobs that the node takes part in.</summary>
    public Func<IReadOnlyList<JobPart>> Hosted { get; init; } = () => [];

    /// <summary>What its part of jobs is at, for errors: phases and steps; "" where it has none.</summary>
    public Func<string> Describe { get; init; } = () => "";

    /// <summary>Lives as long as the node, and is disposed of with it.</summary>
    public IAsyncDisposable? Resident { get; init; }
}
