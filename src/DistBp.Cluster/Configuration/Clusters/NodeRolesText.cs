using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>The words for roles, in files, flags and messages.</summary>
public static class NodeRolesText
{
    public static readonly IReadOnlyList<(string Word, NodeRoles Role)> Words =
        [("worker", NodeRoles.Worker), ("server", NodeRoles.Server), ("coordinator", NodeRoles.Coordinator)];

    /// <summary>"worker, server".</summary>
    public static string Of(NodeRoles roles) => string.Join(", ", Words.Where(w => roles.HasFlag(w.Role)).Select(w => w.Word));

    public static IReadOnlyList<NodeRoles> Split(NodeRoles roles) => [.. Words.Where(w => roles.HasFlag(w.Role)).Select(w => w.Role)];

    public static NodeRoles Join(IEnumerable<NodeRoles> roles) => roles.Aggregate(NodeRoles.None, (all, role) => all | role);

    /// <summary>"worker,server"; null where a word is none of the three.</summary>
    public static NodeRoles? Parse(string text)
    {
        NodeRoles roles = NodeRoles.None;
        foreach (string word in text.Split(',', StringSplitOptions.TrimEntries))
        {
            NodeRoles role = Words.FirstOrDefault(w => w.Word == word).Role;
            if (role == NodeRoles.None) return null;
            roles |= role;
        }
        return roles;
    }
}
