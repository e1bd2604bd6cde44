using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>A node of a run, as it is kept for the next coordinator.</summary>
internal sealed partial class StoredNode
{
    public static StoredNode Of(MemberId id, IEnumerable<int> workers, IEnumerable<int> servers) =>
        new() { Name = id.Name, Incarnation = id.Incarnation, Workers = { workers }, Servers = { servers } };

    /// <summary>Whether this is what the node says of itself.</summary>
    public bool Keeps(MemberId node, JobPart part) =>
        Name == node.Name && Incarnation == node.Incarnation && Workers.SequenceEqual(part.Workers) && Servers.SequenceEqual(part.Servers);
}
