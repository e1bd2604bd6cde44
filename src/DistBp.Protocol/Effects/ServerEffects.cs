using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>Bring parameters and optimizer state of the shard to <paramref name="Version"/>: initial values or a checkpoint's; answered by
/// <see cref="ShardLoaded"/>.</summary>
public sealed record LoadShard(Generation Generation, ParameterShard Shard, long Version) : Effect;

/// <summary>
/// Add the contributions up to the root of the reduction tree, divide by the sample count, treat values and take the squared norm of each
/// segment; answered by <see cref="GradientsCombined"/>.
/// </summary>
/// <param name="Contributions">Disjoint subtrees that cover all slices, in the order of the slices.</param>
public sealed record CombineGradients(Generation Generation, long Step, IReadOnlyList<PushGradient> Contributions) : Effect;

/// <summary>Clip and apply the optimizer to the shard; answered by <see cref="UpdateApplied"/>.</summary>
/// <param name="Norms">Of all servers' segments, in the order of the flat buffer.</param>
public sealed record ApplyUpdate(Generation Generation, long Step, double RateFactor, IReadOnlyList<SegmentNorms> Norms) : Effect;

/// <summary>Copy the shard; answered by <see cref="ShardCopied"/>.</summary>
public sealed record CopyShard(Generation Generation, CaptureTarget Target, long Version) : Effect;

/// <summary>Overwrite the shard's parameters by the copy kept as <see cref="CaptureTarget.Best"/>; answered by <see cref="ShardRestored"/>.</summary>
public sealed record RestoreShard(Generation Generation) : Effect;

/// <summary>Let workers read the exact parameters, not rounded ones; answered by <see cref="ShardRestored"/>.</summary>
public sealed record ShowShard(Generation Generation) : Effect;
