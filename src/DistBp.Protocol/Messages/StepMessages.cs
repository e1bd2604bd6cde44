using DistBp.Learning;

namespace DistBp.Protocol.Messages;

/// <summary>
/// Worker to server: the gradient sum of a whole subtree of slices of a step, cut to the server's shard. A second arrival is ignored.
/// </summary>
/// <param name="Gradient">The shard's part of the gradient, by reference: unchanged until the step is committed everywhere.</param>
/// <param name="Sums">
/// The metric sums of the subtree, and on a sampled step behind them the figures of its activations; for the lead server alone,
/// empty for others.
/// </param>
public sealed record PushGradient(
    Generation Generation, int Worker, long Step, Subtree Subtree, GradientPart Gradient, ReadOnlyMemory<double> Sums)
    : MemberMessage(Generation);

/// <summary>
/// To server: a part of its new shard, from the server that has owned it or from the coordinator. It stays unchanged until every member is ready. Or to a backup, from the
/// owner: a part of a copy that is being filled, as the shard was after the generation's first step.
/// </summary>
/// <param name="Parameters">Of <paramref name="Range"/>.</param>
/// <param name="State">The optimizer's, of what is trained in the range; empty where the run begins.</param>
/// <param name="Best">Of the range, of the best epoch; empty where none is kept.</param>
public sealed record HandShard(
    Generation Generation, ParameterShard Range, ReadOnlyMemory<float> Parameters, IReadOnlyList<ReadOnlyMemory<float>> State,
    ReadOnlyMemory<float> Best) : MemberMessage(Generation);

/// <summary>Squared norms of segments of the flat gradient.</summary>
/// <param name="Segments">Their numbers, ascending. Those of a table of rows that the step did not touch are left out.</param>
/// <param name="Squared">As many.</param>
public sealed record SegmentNorms(ReadOnlyMemory<int> Segments, ReadOnlyMemory<double> Squared);

/// <summary>
/// Server to server: the squared norms of its segments of the step's mean gradient, in one hop and with no leader, so that each server knows
/// the same global norm.
/// </summary>
/// <param name="Halt">The sender was asked to halt: every server halts after this step.</param>
/// <param name="Clamped">An element of the sender's shard was above the limit of clip.value.</param>
/// <param name="LossIsFinite">False where the lead server's loss sum is not: no server applies the step.</param>
public sealed record ShareNorms(
    Generation Generation, int Server, long Step, SegmentNorms Norms, bool Halt, bool Clamped = false, bool LossIsFinite = true)
    : MemberMessage(Generation);

/// <summary>
/// Server to its backups: the step's gradient of its shard, before the server shares its norms. Whoever commits the step has the norms of all servers, and so every
/// backup has what it needs to commit it too.
/// </summary>
/// <param name="Server">Whose shard it is.</param>
/// <param name="Root">
/// The root of the reduction tree over the shard: the sum over all slices, not divided yet. By reference: unchanged until the step is committed everywhere.
/// </param>
/// <param name="Sums">Metric sums at the root, from the lead server; else empty.</param>
/// <param name="Norms">What the server will share.</param>
public sealed record ReplicateGradient(Generation Generation, int Server, long Step, GradientPart Root, ReadOnlyMemory<double> Sums, ShareNorms Norms)
    : MemberMessage(Generation);

/// <summary>Backup to server: so much of your shard, from its beginning on, is in my copy: the next part may come. The first time with 0.</summary>
public sealed record CopyProgressed(Generation Generation, int Backup, int Arrived) : MemberMessage(Generation);

/// <summary>Backup to server: the gradient is here.</summary>
/// <param name="Backup">Who has it.</param>
public sealed record GradientReplicated(Generation Generation, int Backup, long Step) : MemberMessage(Generation);

/// <summary>Server to worker: the shard's new version can be read.</summary>
/// <param name="Halted">No step follows until the coordinator says so.</param>
/// <param name="Skipped">The step before was left unapplied: the parameters are those of the version before.</param>
public sealed record ShardCommitted(Generation Generation, int Server, long Version, bool Halted, bool Skipped = false) : MemberMessage(Generation);

/// <summary>Lead server to server, where not all gradients of a mini-batch make an update: whose make the next one.</summary>
/// <param name="Update">The number of the update; in <see cref="ShareNorms"/> it is the step.</param>
public sealed record CloseUpdate(Generation Generation, long Update, IReadOnlyList<int> Workers) : MemberMessage(Generation);

/// <summary>Server to worker, where each goes at its own pace: the shard as it is now, for the worker's next step.</summary>
/// <param name="Step">That the worker may compute from it.</param>
/// <param name="Version">Mini-batches that are wholly in it.</param>
/// <param name="Parameters">Of the shard, by reference: unchanged until the worker has pushed the step.</param>
public sealed record ShardRead(Generation Generation, int Server, long Step, long Version, ReadOnlyMemory<float> Parameters) : MemberMessage(Generation);

/// <summary>A subtree of slices that was applied in a step.</summary>
/// <param name="Worker">Who computed its gradient.</param>
/// <param name="Staleness">Versions between the parameters that the gradient was computed from and the step's own: mini-batches before it that they lacked; 0 in bsp.</param>
public readonly record struct Contribution(Subtree Subtree, int Worker, long Staleness = 0);

/// <summary>Lead server to coordinator: a step's figures.</summary>
/// <param name="Sums">Metric sums over the mini-batch, and on a sampled step the figures of its activations.</param>
/// <param name="GradientNorm">Global L2 norm of the mean gradient before clipping by it.</param>
/// <param name="Clipped">Whether clipping changed the gradient.</param>
public sealed record StepCommitted(
    Generation Generation, long Step, ReadOnlyMemory<double> Sums, double GradientNorm, bool Clipped = false) : MemberMessage(Generation)
{
    /// <summary>What was applied: disjoint subtrees, in the order of the slices.</summary>
    public ReadOnlyMemory<Contribution> Contributions { get; init; }
}

/// <summary>Server to coordinator, on a sampled step: the figures of its segments, before and after the update.</summary>
public sealed record ShardMeasured(Generation Generation, int Server, long Step, ReadOnlyMemory<double> Figures) : MemberMessage(Generation);

/// <summary>Lead server to coordinator: as <see cref="StepRejected"/>, but the job bears it: the version advances, the parameters stay.</summary>
public sealed record StepSkipped(Generation Generation, long Step, int Segment) : MemberMessage(Generation);

/// <summary>
/// Server to coordinator: the step's loss or gradient holds a NaN or an infinity; it was not applied, on no server, and none goes on.
/// </summary>
/// <param name="Segment">The first segment of the flat gradient that holds it; -1 where the loss alone is not finite.</param>
public sealed record StepRejected(Generation Generation, int Server, long Step, int Segment) : MemberMessage(Generation);

/// <summary>Coordinator to worker: which of your samples of the rejected step have a loss or a gradient that is not finite?</summary>
public sealed record LocateNonFinite(Generation Generation, long Step) : MemberMessage(Generation);

/// <summary>Worker to coordinator: what it found in its slices, in their order.</summary>
public sealed record NonFiniteLocated(Generation Generation, int Worker, long Step, IReadOnlyList<NonFiniteSlice> Slices) : MemberMessage(Generation);

/// <summary>A slice whose loss or gradient is not finite.</summary>
/// <param name="Layer">The first layer whose output is not finite; -1: all outputs are, and the loss or backward is not.</param>
/// <param name="Samples">Training samples (counted from 0) that are to blame alone; empty where only their sum is not finite.</param>
public sealed record NonFiniteSlice(int Slice, int Layer, IReadOnlyList<int> Samples);
