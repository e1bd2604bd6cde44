namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>A bug in another process of distbp, told here.</summary>
public sealed class RemoteBugException(string message) : Exception(message);
