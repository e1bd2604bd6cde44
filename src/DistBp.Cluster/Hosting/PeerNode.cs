using DistBp.Cluster.Configuration;
using DistBp.Protocol;

namespace DistBp.Cluster.Hosting;

/// <summary>A node as others reach it. Who comes back after a loss has another incarnation, and is another peer.</summary>
internal sealed record PeerNode(string Name, ulong Incarnation, NodeAddress Endpoint)
{
    public override string ToString() => $"{Name} at {Endpoint}";
}

/// <summary>Where a member of a job is.</summary>
internal readonly record struct MemberPlace(Address Member, PeerNode Node);
