namespace DistBp.Protocol.Membership;

/// <summary>What a node says of itself when it joins.</summary>
/// <param name="Endpoint">Where others call it: "host:port".</param>
/// <param name="Workers">Worker actors that it offers.</param>
/// <param name="IsHere">The coordinator's own node: it sends no heartbeats and cannot be lost.</param>
public sealed record MemberDescription(MemberId Id, NodeRoles Roles, string Endpoint, int Workers, bool IsHere = false);
