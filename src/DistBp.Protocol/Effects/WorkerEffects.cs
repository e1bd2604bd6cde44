using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>Make memory for these subtrees of slices, from a version of the parameters on; answered by <see cref="SlicesPrepared"/>.</summary>
/// <param name="AfterSkip">As with <see cref="VoidResiduals"/>.</param>
/// <param name="FromStart">From what the run starts from, or went back to: what the worker has of its own is void.</param>
public sealed record PrepareSlices(
    Generation Generation, IReadOnlyList<Subtree> Subtrees, long Version, bool AfterSkip, bool FromStart) : Effect;

/// <summary>Forward and backward over the worker's subtrees of a step; answered by <see cref="GradientComputed"/>.</summary>
public sealed record ComputeGradient(Generation Generation, long Step) : Effect;

/// <summary>
/// Before the gradient of a version that was committed without an update: what the encoding left out in the step before is void, for so is what was
/// sent.
/// </summary>
public sealed record VoidResiduals(Generation Generation, long Version) : Effect;

/// <summary>Copy the residuals that belong to a version, between two steps; answered by <see cref="ResidualsCopied"/>.</summary>
/// <param name="AfterSkip">As with <see cref="VoidResiduals"/>.</param>
public sealed record CopyResiduals(Generation Generation, long Version, bool AfterSkip) : Effect;

/// <summary>
/// Compute the worker's slices of a rejected step again, one by one, and find those whose loss or gradient is not finite; answered by
/// <see cref="NonFiniteSearched"/>.
/// </summary>
public sealed record SearchNonFinite(Generation Generation, long Step, IReadOnlyList<Subtree> Subtrees) : Effect;

/// <summary>Metric sums of these subtrees; answered by <see cref="SubtreesEvaluated"/>.</summary>
public sealed record EvaluateSubtrees(Generation Generation, DataPart Part, int Leaves, IReadOnlyList<Subtree> Subtrees) : Effect;
