using DistBp.Learning;
using DistBp.Learning.Encodings;

namespace DistBp.Protocol.Messages;

/// <summary>Host to worker: effect <see cref="Effects.PrepareSlices"/> is done.</summary>
public sealed record SlicesPrepared(Generation Generation) : Message;

/// <summary>One subtree's gradient sum over the whole updated range, and its metric sums; both in the worker host's memory.</summary>
public sealed record SubtreeGradient(Subtree Subtree, Gradient Gradient, ReadOnlyMemory<double> Sums);

/// <summary>Host to worker: effect <see cref="Effects.ComputeGradient"/> is done.</summary>
public sealed record GradientComputed(Generation Generation, long Step, IReadOnlyList<SubtreeGradient> Gradients) : Message;

/// <summary>Host to worker: effect <see cref="Effects.SearchNonFinite"/> is done.</summary>
public sealed record NonFiniteSearched(Generation Generation, long Step, IReadOnlyList<NonFiniteSlice> Slices) : Message;

/// <summary>Host to worker: effect <see cref="Effects.EvaluateSubtrees"/> is done.</summary>
public sealed record SubtreesEvaluated(Generation Generation, DataPart Part, IReadOnlyList<SubtreeSums> Sums) : Message;

/// <summary>Host to worker: effect <see cref="Effects.CopyResiduals"/> is done.</summary>
public sealed record ResidualsCopied(Generation Generation, long Version, IReadOnlyList<SubtreeResidual> Residuals) : Message;

/// <summary>Host to server: effect <see cref="Effects.LoadShard"/> is done.</summary>
public sealed record ShardLoaded(Generation Generation) : Message;

/// <summary>Host to server: effect <see cref="Effects.CombineGradients"/> is done.</summary>
/// <param name="Norms">Of the shard's segments.</param>
/// <param name="Sums">Metric sums at the root (lead server), else null.</param>
/// <param name="Clamped">An element was above the limit of clip.value.</param>
public sealed record GradientsCombined(
    Generation Generation, long Step, SegmentNorms Norms, double[]? Sums, bool Clamped = false) : Message
{
    /// <summary>Where the shard has backups: the sum at the root, not divided yet; unchanged until the step after it is combined.</summary>
    public GradientPart? Root { get; init; }
}

/// <summary>Host to server: effect <see cref="Effects.ApplyUpdate"/> is done.</summary>
/// <param name="Clipped">A norm was above its limit.</param>
/// <param name="Figures">Of the shard's segments on a sampled step, empty where it has none; else null.</param>
public sealed record UpdateApplied(Generation Generation, long Step, bool Clipped = false, double[]? Figures = null) : Message;

/// <summary>Host to server: effect <see cref="Effects.CopyShard"/> is done.</summary>
public sealed record ShardCopied(Generation Generation, CaptureTarget Target, long Version) : Message
{
    /// <summary>Where they were asked for: of the shard and of each copy.</summary>
    public IReadOnlyList<ShardDigest> Digests { get; init; } = [];
}

/// <summary>Host to server: effect <see cref="Effects.RestoreShard"/> or <see cref="Effects.ShowShard"/> is done.</summary>
public sealed record ShardRestored(Generation Generation) : Message;

/// <summary>Host to coordinator: effect <see cref="Effects.WriteCheckpoint"/> is done.</summary>
public sealed record CheckpointWritten(long Version) : Message;
