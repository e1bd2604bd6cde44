using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>Make memory for these subtrees of slices; answered by <see cref="SlicesPrepared"/>.</summary>
public sealed record PrepareSlices(Generation Generation, IReadOnlyList<Subtree> Subtrees) : Effect;

/// <summary>Forward and backward over the worker's subtrees of a step; answered by <see cref="GradientComputed"/>.</summary>
public sealed record ComputeGradient(Generation Generation, long Step) : Effect;

/// <summary>
/// Compute the worker's slices of a rejected step again, one by one, and find those whose loss or gradient is not finite; answered by
/// <see cref="NonFiniteSearched"/>.
/// </summary>
public sealed record SearchNonFinite(Generation Generation, long Step, IReadOnlyList<Subtree> Subtrees) : Effect;

/// <summary>Metric sums of these subtrees; answered by <see cref="SubtreesEvaluated"/>.</summary>
public sealed record EvaluateSubtrees(Generation Generation, DataPart Part, int Leaves, IReadOnlyList<Subtree> Subtrees) : Effect;
