namespace DistBp.Protocol.Membership;

/// <summary>A job that a node takes part in.</summary>
/// <param name="Job">Its number in the cluster.</param>
/// <param name="Workers">Numbers of its workers.</param>
/// <param name="Servers">Numbers of its servers.</param>
public sealed record JobPart(long Job, IReadOnlyList<int> Workers, IReadOnlyList<int> Servers);
