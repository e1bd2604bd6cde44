using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Members;

/// <param name="Incarnation">Who comes back after a restart or a loss has the same name and another incarnation.</param>
/// <param name="Endpoint">Where it is called.</param>
/// <param name="Workers">Worker actors that it offers.</param>
/// <param name="IsHere">It is this process.</param>
internal sealed record ClusterMember(string Name, ulong Incarnation, NodeRoles Roles, NodeAddress Endpoint, int Workers, bool IsHere)
{
    public MemberId Id => new(Name, Incarnation);

    /// <summary>What it has held since an earlier reign.</summary>
    public IReadOnlyList<JobPart> Jobs { get; init; } = [];

    public static ClusterMember Of(MemberDescription m) =>
        new(m.Id.Name, m.Id.Incarnation, m.Roles, NodeAddress.Parse(m.Endpoint, m.Id.Name), m.Workers, m.IsHere) { Jobs = m.Jobs };

    public override string ToString() => $"{Name} ({NodeRolesText.Of(Roles)} at {Endpoint})";
}
