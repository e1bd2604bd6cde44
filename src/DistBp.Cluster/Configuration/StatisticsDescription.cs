namespace DistBp.Cluster.Configuration;

/// <summary>How often gradients, updates and activations are measured, beside the first step and the last one of each epoch; 0: never.</summary>
public sealed record StatisticsDescription(int EverySteps);
