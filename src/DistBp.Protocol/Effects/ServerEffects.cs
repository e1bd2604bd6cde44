using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>Make memory for the shard and fill it with what was handed over; answered by <see cref="ShardLoaded"/>.</summary>
/// <param name="Handed">Disjoint ranges that cover the shard.</param>
public sealed record LoadShard(Generation Generation, ParameterShard Shard, IReadOnlyList<HandShard> Handed) : Effect;

/// <summary>Send a range of the shard of generation <paramref name="From"/> to its new owner, as <see cref="HandShard"/>.</summary>
public sealed record HandOver(Generation Generation, Generation From, int Server, ParameterShard Range) : Effect;

/// <summary>The shard of this generation is at work: those of others, and what was handed over, are needed no more.</summary>
public sealed record KeepShard(Generation Generation) : Effect;

/// <summary>
/// Add the contributions up to the root of the reduction tree, divide by the sample count, treat values and take the squared norm of each
/// segment; answered by <see cref="GradientsCombined"/>.
/// </summary>
/// <param name="Contributions">Disjoint subtrees in the order of the slices. In bsp without backup workers they cover all slices; else the sum and the sample count are theirs.</param>
/// <param name="Leads">Whether the metric sums are added up too.</param>
public sealed record CombineGradients(Generation Generation, long Step, IReadOnlyList<PushGradient> Contributions, bool Leads) : Effect;

/// <summary>Clip and apply the optimizer to the shard; answered by <see cref="UpdateApplied"/>.</summary>
/// <param name="Norms">Of all servers' segments, in the order of the flat buffer.</param>
/// <param name="Update">How many updates the optimizer has made before, for what it corrects by that; <paramref name="Step"/> where a step is one update.</param>
public sealed record ApplyUpdate(Generation Generation, long Step, double RateFactor, IReadOnlyList<SegmentNorms> Norms, long Update) : Effect;

/// <summary>Send the worker a copy of the shard as it is now, as <see cref="ShardRead"/>.</summary>
public sealed record ShareShard(Generation Generation, int Worker, long Step, long Version) : Effect;

/// <summary>Copy the shard; answered by <see cref="ShardCopied"/>.</summary>
public sealed record CopyShard(Generation Generation, CaptureTarget Target, long Version) : Effect;

/// <summary>Overwrite the shard's parameters by the copy kept as <see cref="CaptureTarget.Best"/>; answered by <see cref="ShardRestored"/>.</summary>
public sealed record RestoreShard(Generation Generation) : Effect;

/// <summary>Let workers read the exact parameters, not rounded ones; answered by <see cref="ShardRestored"/>.</summary>
public sealed record ShowShard(Generation Generation) : Effect;
