using DistBp.Cluster.Configuration.Forms;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.node: this process.</summary>
/// <param name="Name">In messages and in the cluster, where no two live nodes have the same.</param>
/// <param name="Listen">Port 0: the system chooses.</param>
/// <param name="Advertise">Where other nodes call this one; null: where it listens.</param>
/// <param name="Workers">Worker actors; 0: one a core.</param>
public sealed record NodeConfiguration(string Name, NodeRoles Roles, NodeAddress Listen, NodeAddress? Advertise, int Workers)
{
    public const int MaxWorkers = 1024;

    private static readonly ListForm<NodeRoles> RolesForm = new(
        new WordForm<NodeRoles>("role", [.. NodeRolesText.Words], []), "a list of roles (worker, server, coordinator)", mayBeEmpty: false);

    internal static NodeConfiguration Describe(IFields f, NodeConfiguration node) => node with
    {
        Name = f.Field("name", node.Name, TextForm.Name),
        Roles = NodeRolesText.Join(f.Field("roles", NodeRolesText.Split(node.Roles), RolesForm)),
        Listen = f.Field("listen", node.Listen, AddressForm.Instance),
        Advertise = f.Field("advertise", node.Advertise, OptionalAddressForm.Instance),
        Workers = f.Field("workers", node.Workers, Numbers.Count(0, MaxWorkers, sample: 2)),
    };
}
