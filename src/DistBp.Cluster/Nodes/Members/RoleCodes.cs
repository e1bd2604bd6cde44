using DistBp.Cluster.Wire.Control;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>Roles as they stand in messages.</summary>
internal static class RoleCodes
{
    private static readonly (NodeRole Code, NodeRoles Role)[] Codes =
        [(NodeRole.Worker, NodeRoles.Worker), (NodeRole.Server, NodeRoles.Server), (NodeRole.Coordinator, NodeRoles.Coordinator)];

    public static IEnumerable<NodeRole> Write(NodeRoles roles) => Codes.Where(c => roles.HasFlag(c.Role)).Select(c => c.Code);

    /// <summary>Codes that this version does not know are left out.</summary>
    public static NodeRoles Read(IEnumerable<NodeRole> codes) =>
        codes.Aggregate(NodeRoles.None, (all, code) => all | Codes.FirstOrDefault(c => c.Code == code).Role);
}
