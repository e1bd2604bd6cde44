namespace DistBp.Cluster.Configuration;

/// <param name="EverySteps">Steps from one checkpoint to the next.</param>
/// <param name="Keep">How many of the newest are kept.</param>
public sealed record CheckpointDescription(int EverySteps, int Keep)
{
    /// <summary>A second place that each checkpoint is copied to, where there is one: a folder, in which each run has its own.</summary>
    public string? Mirror { get; init; }
}
