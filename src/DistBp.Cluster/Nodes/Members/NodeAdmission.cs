namespace DistBp.Cluster.Nodes.Members;

/// <summary>A coordinator has admitted this node.</summary>
/// <param name="Incarnation">The one before, where the node goes on under another coordinator with what it is at.</param>
/// <param name="Term">The coordinator's.</param>
internal readonly record struct NodeAdmission(ulong Incarnation, long Term);
