using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>Make memory for these subtrees of slices; answered by <see cref="SlicesPrepared"/>.</summary>
/// <param name="Handed">What was left of subtrees before, where the encoding of gradients keeps residuals.</param>
public sealed record PrepareSlices(Generation Generation, IReadOnlyList<Subtree> Subtrees, IReadOnlyList<HandResiduals> Handed) : Effect;

/// <summary>Send the residuals of these subtrees of generation <paramref name="From"/> to the worker that has them now, as <see cref="HandResiduals"/>.</summary>
/// <param name="Version">Of the parameters that all go on from.</param>
/// <param name="AfterSkip">As with <see cref="VoidResiduals"/>.</param>
public sealed record HandOverResiduals(
    Generation Generation, Generation From, int Worker, IReadOnlyList<Subtree> Subtrees, long Version, bool AfterSkip) : Effect;

/// <summary>The residuals of this generation are at work: those of others, and what was handed over, are needed no more.</summary>
public sealed record KeepResiduals(Generation Generation) : Effect;

/// <summary>
/// Forward and backward over the worker's subtrees of a step. Of several, each is applied to a copy of the parameters, and what they have moved it, with the sign of a gradient, is the
/// result; answered by <see cref="GradientComputed"/>.
/// </summary>
public sealed record ComputeGradient(Generation Generation, long Step) : Effect
{
    /// <summary>The first step that is not computed.</summary>
    public long Until { get; init; }

    /// <summary>What a plateau schedule has come to, where the worker applies its steps itself.</summary>
    public double RateFactor { get; init; } = 1;

    /// <summary>What it is computed from, in the order of the servers; empty: the parameters that all workers read.</summary>
    public IReadOnlyList<ShardRead> Shards { get; init; } = [];
}

/// <summary>
/// Before the gradient of a version that was committed without an update: what the encoding left out in the step before is void, for so is what was
/// sent.
/// </summary>
public sealed record VoidResiduals(Generation Generation, long Version) : Effect;

/// <summary>Copy the residuals that belong to a version, between two steps; answered by <see cref="ResidualsCopied"/>.</summary>
/// <param name="AfterSkip">As with <see cref="VoidResiduals"/>.</param>
public sealed record CopyResiduals(Generation Generation, long Version, bool AfterSkip) : Effect;

/// <summary>
/// Compute the worker's slices of a rejected step, and of those up to <paramref name="Until"/> that were rejected with it, again, one by one, and find those whose loss or gradient is not finite; answered by
/// <see cref="NonFiniteSearched"/>.
/// </summary>
public sealed record SearchNonFinite(Generation Generation, long Step, long Until, IReadOnlyList<Subtree> Subtrees) : Effect;

/// <summary>Metric sums of these subtrees; answered by <see cref="SubtreesEvaluated"/>.</summary>
public sealed record EvaluateSubtrees(Generation Generation, DataPart Part, int Leaves, IReadOnlyList<Subtree> Subtrees) : Effect;
