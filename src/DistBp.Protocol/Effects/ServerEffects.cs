using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>Make memory for the shard, and for copies of others', and fill it with what was handed over; answered by <see cref="ShardLoaded"/>.</summary>
/// <param name="Handed">Disjoint ranges that cover the shard and the copies; none lies in two of them.</param>
public sealed record LoadShard(Generation Generation, ParameterShard Shard, IReadOnlyList<HandShard> Handed) : Effect
{
    /// <summary>Shards of other servers that this one backs up, but those that come later.</summary>
    public IReadOnlyList<ShardCopy> Copies { get; init; } = [];
}

/// <summary>A copy of another server's shard.</summary>
public readonly record struct ShardCopy(int Owner, ParameterShard Shard);

/// <summary>
/// From here on there is a copy of another server's shard. Its parts come by <see cref="FillCopy"/>, and whatever is to be done with it before the last of them is done after that,
/// in the same order.
/// </summary>
public sealed record BeginCopy(Generation Generation, int Owner, ParameterShard Shard) : Effect;

/// <summary>Put a part into a copy that is being filled.</summary>
/// <param name="IsLast">What has waited for it is due.</param>
public sealed record FillCopy(int Owner, HandShard Part, bool IsLast) : Effect;

/// <summary>Keep a picture of the shard as it is now, from which copies are filled while it changes.</summary>
public sealed record KeepPicture(Generation Generation) : Effect;

/// <summary>Send the backup a range of the picture, as <see cref="HandShard"/>.</summary>
public sealed record HandPicture(Generation Generation, int Backup, ParameterShard Range) : Effect;

/// <summary>Every copy has what is in the picture.</summary>
public sealed record DropPicture(Generation Generation) : Effect;

/// <summary>
/// Send a range of the shard, or of a copy, of generation <paramref name="From"/> to who owns it or backs it up from now on, as <see cref="HandShard"/>.
/// </summary>
/// <param name="Owner">Whose shard it was: this server's own, or one of which it has a copy.</param>
public sealed record HandOver(Generation Generation, Generation From, int Owner, int Server, ParameterShard Range) : Effect;

/// <summary>The shard of this generation is at work: those of others, and what was handed over, are needed no more.</summary>
public sealed record KeepShard(Generation Generation) : Effect;

/// <summary>
/// Add the contributions up to the root of the reduction tree, divide by the sample count, treat values and take the squared norm of each
/// segment; answered by <see cref="GradientsCombined"/>.
/// </summary>
/// <param name="Contributions">Disjoint subtrees in the order of the slices. In bsp without backup workers they cover all slices; else the sum and the sample count are theirs.</param>
/// <param name="Leads">Whether the metric sums are added up too.</param>
public sealed record CombineGradients(Generation Generation, long Step, IReadOnlyList<PushGradient> Contributions, bool Leads) : Effect
{
    /// <summary>Whether <see cref="GradientsCombined.Root"/> is wanted.</summary>
    public bool KeepsRoot { get; init; }
}

/// <summary>Clip and apply the optimizer to the shard; answered by <see cref="UpdateApplied"/>.</summary>
/// <param name="Norms">Of all servers' segments, in the order of the flat buffer.</param>
/// <param name="Update">How many updates the optimizer has made before, for what it corrects by that; <paramref name="Step"/> where a step is one update.</param>
public sealed record ApplyUpdate(Generation Generation, long Step, double RateFactor, IReadOnlyList<SegmentNorms> Norms, long Update) : Effect;

/// <summary>Before the update of the server's own shard: apply the same one to its copy of another's.</summary>
/// <param name="Owner">The owner's gradient.</param>
public sealed record FollowUpdate(ReplicateGradient Owner, ApplyUpdate Update) : Effect;

/// <summary>Send the worker a copy of the shard as it is now, as <see cref="ShardRead"/>.</summary>
public sealed record ShareShard(Generation Generation, int Worker, long Step, long Version) : Effect;

/// <summary>
/// Copy the shard, and as <see cref="CaptureTarget.Best"/> the copies of others' too; as <see cref="CaptureTarget.KeptBest"/> nothing, for the copy is there. Answered by
/// <see cref="ShardCopied"/>.
/// </summary>
/// <param name="Digests">Whether hashes of the shard and of the copies are wanted.</param>
public sealed record CopyShard(Generation Generation, CaptureTarget Target, long Version, bool Digests = false) : Effect;

/// <summary>Overwrite the parameters of the shard and of the copies of others' by the copy kept as <see cref="CaptureTarget.Best"/>; answered by <see cref="ShardRestored"/>.</summary>
public sealed record RestoreShard(Generation Generation) : Effect;

/// <summary>Let workers read the exact parameters, not rounded ones; answered by <see cref="ShardRestored"/>.</summary>
public sealed record ShowShard(Generation Generation) : Effect;
