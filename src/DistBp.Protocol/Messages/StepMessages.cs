using DistBp.Learning;

namespace DistBp.Protocol.Messages;

/// <summary>
/// Worker to server: the gradient sum of a whole subtree of slices of a step, cut to the server's shard. A second arrival is ignored.
/// </summary>
/// <param name="Gradient">The shard's part of the gradient, by reference: unchanged until the step is committed everywhere.</param>
/// <param name="Sums">The metric sums of the subtree, for the lead server alone (server 0); empty for others.</param>
public sealed record PushGradient(
    Generation Generation, int Worker, long Step, Subtree Subtree, GradientPart Gradient, ReadOnlyMemory<double> Sums)
    : MemberMessage(Generation);

/// <summary>Squared norms of segments of the flat gradient.</summary>
/// <param name="Segments">Their numbers, ascending. Those of a table of rows that the step did not touch are left out.</param>
/// <param name="Squared">As many.</param>
public readonly record struct SegmentNorms(ReadOnlyMemory<int> Segments, ReadOnlyMemory<double> Squared);

/// <summary>
/// Server to server: the squared norms of its segments of the step's mean gradient, in one hop and with no leader, so that each server knows
/// the same global norm.
/// </summary>
/// <param name="Halt">The sender was asked to halt: every server halts after this step.</param>
public sealed record ShareNorms(Generation Generation, int Server, long Step, SegmentNorms Norms, bool Halt)
    : MemberMessage(Generation);

/// <summary>Server to worker: the shard's new version can be read.</summary>
/// <param name="Halted">No step follows until the coordinator says so.</param>
public sealed record ShardCommitted(Generation Generation, int Server, long Version, bool Halted) : MemberMessage(Generation);

/// <summary>Lead server to coordinator: a step's figures.</summary>
/// <param name="Sums">Metric sums over the mini-batch.</param>
/// <param name="GradientNorm">Global L2 norm of the mean gradient before clipping by it.</param>
public sealed record StepCommitted(Generation Generation, long Step, ReadOnlyMemory<double> Sums, double GradientNorm) : MemberMessage(Generation);

/// <summary>Server to coordinator: the step's gradient holds a NaN or an infinity and was not applied, on no server.</summary>
/// <param name="Segment">The first segment of the flat gradient that holds it.</param>
public sealed record StepRejected(Generation Generation, int Server, long Step, int Segment) : MemberMessage(Generation);
