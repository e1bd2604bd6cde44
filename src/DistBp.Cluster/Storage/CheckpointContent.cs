using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Cluster.Storage;

/// <summary>What a checkpoint belongs to; a checkpoint of another job is refused.</summary>
/// <param name="JobHash">Of the keys of the job that decide the bits; "" is not compared.</param>
/// <param name="Batch">Samples in a mini-batch.</param>
/// <param name="OptimizerKind">"adam".</param>
/// <param name="OptimizerStates">Names of the optimizer's state arrays, in a fixed order; empty: it keeps none.</param>
public sealed record CheckpointIdentity(
    string JobHash, int Seed, int Slices, int Batch, ParameterLayout Layout, string OptimizerKind, IReadOnlyList<string> OptimizerStates);

/// <summary>Where in the training a checkpoint stands.</summary>
/// <param name="Step">Committed updates: the version of the parameters.</param>
/// <param name="Epoch">Epoch of the next step, from 0.</param>
/// <param name="StepInEpoch">Position of the next step in it, from 0.</param>
public sealed record CheckpointPosition(long Step, int Epoch, int StepInEpoch);

/// <summary>The optimizer state of one parameter shard: the trained parameters [Offset, Offset + Length) of the flat buffer.</summary>
/// <param name="States">One array of [Length] for each name of <see cref="CheckpointIdentity.OptimizerStates"/>.</param>
public sealed record OptimizerShard(int Offset, int Length, IReadOnlyList<ReadOnlyMemory<float>> States);

/// <summary>Everything that a run needs to go on with the same bits.</summary>
/// <param name="Parameters">[Layout.Count], the flat buffer.</param>
/// <param name="Optimizer">Shards that cover the trained parameters without hole or overlap, in any order.</param>
/// <param name="Coordinator">The coordinator's numbers (running sums, early stopping), which come back as the same bits.</param>
/// <param name="Best">[Layout.Count], the parameters of the best epoch, for earlyStopping.restoreBest; empty: none.</param>
public sealed record CheckpointContent(
    CheckpointIdentity Identity,
    CheckpointPosition Position,
    ReadOnlyMemory<float> Parameters,
    IReadOnlyList<OptimizerShard> Optimizer,
    IReadOnlyDictionary<string, double> Coordinator,
    ReadOnlyMemory<float> Best = default)
{
    /// <summary>Of disjoint subtrees of slices, in their order; empty where the encoding of gradients keeps none.</summary>
    public IReadOnlyList<SubtreeResidual> Residuals { get; init; } = [];
}
