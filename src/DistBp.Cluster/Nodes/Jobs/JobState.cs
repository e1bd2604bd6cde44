namespace DistBp.Cluster.Nodes.Jobs;

internal enum JobState
{
    Waiting,
    Running,

    /// <summary>It was cancelled before it began.</summary>
    Cancelled,

    /// <summary>It ran, and left a result or an error.</summary>
    Ended,
}
