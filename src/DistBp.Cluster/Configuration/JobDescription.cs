using DistBp.Learning.Data;
using DistBp.Learning.Layers;
using DistBp.Learning.Losses;
using DistBp.Learning.Optimizers;
using DistBp.Learning.Schedules;
using DistBp.Protocol.Consistency;

namespace DistBp.Cluster.Configuration;

/// <summary>What a job file asks for, checked, with every default filled in. Equal jobs are equal by value.</summary>
/// <param name="Name">[A-Za-z0-9][A-Za-z0-9._-]{0,63}.</param>
/// <param name="Seed">Of everything random in the job.</param>
/// <param name="Batch">Samples of a step, over the whole cluster.</param>
/// <param name="Slices">Parts of a mini-batch, at most <paramref name="Batch"/>.</param>
/// <param name="EarlyStopping">Null: the run goes through all epochs.</param>
/// <param name="NonFinite">What a step does whose loss or gradient is not finite; null as <see cref="NonFiniteDescription.Stop"/>.</param>
/// <param name="Statistics">Null: gradients, updates and activations are not measured.</param>
/// <param name="InitialWeights">A safetensors file to start from, or null.</param>
/// <param name="Partial">Whether parameters that <paramref name="InitialWeights"/> lacks, or has in another shape, start at random.</param>
/// <param name="BaseFolder">What the job's relative paths are relative to: the job file's folder, absolute.</param>
public sealed record JobDescription(
    string Name,
    int Seed,
    DataDescription Data,
    ModelDescription Model,
    LossDescription Loss,
    OptimizerDescription Optimizer,
    ScheduleDescription Schedule,
    ClipDescription Clip,
    RegularizationDescription Regularization,
    int Batch,
    int Epochs,
    int Slices,
    EarlyStoppingDescription? EarlyStopping,
    CheckpointDescription Checkpoint,
    NonFiniteDescription? NonFinite,
    StatisticsDescription? Statistics,
    string? InitialWeights,
    bool Partial,
    string BaseFolder)
{
    /// <summary>Names of tensors in <see cref="InitialWeights"/> and what they are here, in order; one * in both stands for any text.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Rename { get; init; } = new ValueList<KeyValuePair<string, string>>([]);

    /// <summary>Layers whose learning rate is another one, and what it is multiplied with.</summary>
    public IReadOnlyList<KeyValuePair<string, double>> Rates { get; init; } = new ValueList<KeyValuePair<string, double>>([]);

    /// <summary>How gradients and parameters are written on their way.</summary>
    public WireDescription Wire { get; init; } = WireDescription.Exact;

    /// <summary>Which gradients an update waits for.</summary>
    public ConsistencyMode Consistency { get; init; } = ConsistencyMode.Exact;

    /// <summary>So many other servers keep a copy of each parameter shard.</summary>
    public int Replication { get; init; }

    /// <summary>What the loss compares the output with.</summary>
    public TargetKind Target => Data.TargetIsInput ? TargetKind.Input : Loss.Kind switch
    {
        LossKind.SoftmaxCrossEntropy => TargetKind.Classes,
        LossKind.BinaryCrossEntropy => TargetKind.Binary,
        _ => TargetKind.Values,
    };
}
