namespace DistBp.Cluster.Nodes.Members;

internal abstract record MemberChange(ClusterMember Member);

internal sealed record MemberJoined(ClusterMember Member) : MemberChange(Member);

/// <summary>It wants to go, and waits until it is released.</summary>
internal sealed record MemberLeaving(ClusterMember Member) : MemberChange(Member);

/// <summary>It has gone without having been released.</summary>
/// <param name="Reason">In words, for messages and the event log.</param>
internal sealed record MemberLost(ClusterMember Member, string Reason) : MemberChange(Member);
