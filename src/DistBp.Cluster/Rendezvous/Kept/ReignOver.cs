namespace DistBp.Cluster.Rendezvous.Kept;

/// <summary>This reign is over, and another one may begin on the same node.</summary>
internal sealed record ReignOver(string Why);
