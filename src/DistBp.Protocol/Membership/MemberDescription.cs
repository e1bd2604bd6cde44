namespace DistBp.Protocol.Membership;

/// <summary>What a node says of itself when it joins.</summary>
/// <param name="Endpoint">Where others call it: "host:port".</param>
/// <param name="Workers">Worker actors that it offers.</param>
/// <param name="IsHere">The coordinator's own node: it sends no heartbeats and cannot be lost.</param>
public sealed record MemberDescription(MemberId Id, NodeRoles Roles, string Endpoint, int Workers, bool IsHere = false)
{
    /// <summary>What it has held since it was a member under an earlier coordinator, and goes on with.</summary>
    public IReadOnlyList<JobPart> Jobs { get; init; } = [];
}
