using DistBp.Cluster.Runs;

namespace DistBp.Cli.Display;

/// <summary>A run's figures at one moment.</summary>
/// <param name="Started">Null until the data is loaded and the cluster stands.</param>
/// <param name="Step">The last committed step; Step = 0 before the first.</param>
/// <param name="Loss">Mean over the epoch so far.</param>
/// <param name="Accuracy">Likewise; null where there are no classes.</param>
/// <param name="Samples">Of all steps in this process.</param>
/// <param name="RecentEpochs">The last epochs, oldest first.</param>
/// <param name="BestEpoch">By the early stopping's metric, else validation loss, else training loss.</param>
internal sealed record RunSnapshot(
    RunStarted? Started, StepFigures Step, double Loss, double? Accuracy, long Samples, IReadOnlyList<EpochFigures> RecentEpochs,
    EpochFigures? BestEpoch);
