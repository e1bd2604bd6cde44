namespace DistBp.Cluster.Rendezvous;

/// <summary>This process is the coordinator no more: another one is, or may be. What it has begun is left as it is, for the other to go on with.</summary>
internal sealed class ReignEndedException(string why) : Exception(why);
