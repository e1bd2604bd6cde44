using System.Text.Json.Serialization;
using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>Members step by themselves from here on (true) or have all stopped (false): what the clock of samples per second counts.</summary>
public sealed record MeasureStepping(bool Running) : Effect;

/// <summary>
/// Send every server of the assignment its shard, and the shards that it backs up, as <see cref="HandShard"/>, and where the encoding of gradients keeps residuals every worker that has slices its
/// <see cref="HandResiduals"/>: what the run starts from, or went back to.
/// </summary>
public sealed record HandOverAll(Assignment Assignment) : Effect;

/// <summary>
/// What was reported of steps before this version must be on the disk before anything of what follows leaves: members forget it. Where a coordinator takes over, a step may
/// be reported that is on the disk already.
/// </summary>
public sealed record PersistReports(long Before) : Effect;

/// <summary>All members of the assignment are at work; a member that is in it no more may go.</summary>
public sealed record AnnounceAssignment(Assignment Assignment) : Effect;

/// <summary>Members have taken up an assignment with copies that are not filled yet, or the last of them is filled.</summary>
/// <param name="Unfilled">So many.</param>
public sealed record ReportCopies(int Unfilled) : Effect;

/// <summary>What error feedback had left over of these subtrees is lost with their worker: it is in no gradient any more.</summary>
public sealed record ReportLostResiduals(int Worker, IReadOnlyList<Subtree> Subtrees) : Effect;

/// <summary>A shard is lost with its server: bring back the newest checkpoint, or the beginning; answered by <see cref="WentBack"/>.</summary>
/// <param name="Version">What was committed.</param>
public sealed record GoBack(long Version) : Effect;

/// <summary>A step was committed.</summary>
/// <param name="Committed">What the lead server tells of it.</param>
public sealed record ReportStep(StepCommitted Committed, double RateFactor) : Effect
{
    public long Step => Committed.Step;

    /// <summary>Metric sums over the mini-batch, and on a sampled step the figures of its activations.</summary>
    public ReadOnlyMemory<double> Sums => Committed.Sums;

    public double GradientNorm => Committed.GradientNorm;

    /// <summary>Whether clipping changed the gradient.</summary>
    public bool Clipped => Committed.Clipped;

    public Generation Generation => Committed.Generation;

    /// <summary>Who computed what of it.</summary>
    public ReadOnlyMemory<Contribution> Contributions => Committed.Contributions;
}

/// <summary>A sampled step was committed, and every server has measured its segments; before the stop point that follows, and where it is an epoch's last one, after the end of an epoch that nobody stops at.</summary>
/// <param name="Figures">Of each server, in their order.</param>
public sealed record ReportStatistics(long Step, IReadOnlyList<ReadOnlyMemory<double>> Figures) : Effect;

/// <summary>A step was left unapplied.</summary>
/// <param name="Segment">The first segment of the flat gradient that is not finite; -1 where the loss alone is not.</param>
/// <param name="Skipped">How many so far, with this one.</param>
public sealed record ReportSkip(long Step, int Segment, long Skipped) : Effect
{
    public Generation Generation { get; init; }
}

/// <summary>An epoch is over and evaluated. Members may be in the next one already.</summary>
/// <param name="Epoch">From 1.</param>
/// <param name="TrainSums">Metric sums over the epoch's steps, each taken before its update.</param>
/// <param name="ValidationSums">Null without a validation part.</param>
/// <param name="Note">What early stopping or the plateau schedule decided and why; empty where there is nothing to say.</param>
public sealed record ReportEpoch(int Epoch, IReadOnlyList<double> TrainSums, IReadOnlyList<double>? ValidationSums, string Note) : Effect;

/// <summary>Write what the members have captured, with the coordinator's own state; answered by <see cref="CheckpointWritten"/>.</summary>
/// <param name="Residuals">Of all workers' subtrees, in the order of the slices; empty where the encoding of gradients keeps none.</param>
public sealed record WriteCheckpoint(long Version, TrainingProgress Progress, IReadOnlyList<SubtreeResidual> Residuals) : Effect;

/// <summary>The run is over; parameters are final.</summary>
public sealed record FinishRun(RunOutcome Outcome) : Effect;

/// <summary>A shard and a copy of it differ: one of the two is damaged, and nobody can tell which.</summary>
/// <param name="Servers">Those whose copies differ from the first one's.</param>
public sealed record FailCopies(long Version, int Owner, IReadOnlyList<int> Servers) : Effect;

/// <summary>The run cannot go on.</summary>
/// <param name="Segment">The first segment of the flat gradient that is not finite; -1 where the loss alone is not.</param>
/// <param name="Slices">The slices to blame, in order; empty where only the sum over slices is not finite.</param>
public sealed record FailDiverged(long Step, int Segment, IReadOnlyList<NonFiniteSlice> Slices) : Effect
{
    public Generation Generation { get; init; }
}

/// <summary>How a run ended; in files as "completed", "stopped-early", "interrupted".</summary>
public enum RunStatus
{
    [JsonStringEnumMemberName("completed")]
    Completed,

    [JsonStringEnumMemberName("stopped-early")]
    StoppedEarly,

    [JsonStringEnumMemberName("interrupted")]
    Interrupted,
}

/// <summary>How a run ended.</summary>
/// <param name="Epochs">Whole epochs.</param>
/// <param name="BestEpoch">0 without early stopping.</param>
/// <param name="FinalSums">Metric sums of the parts evaluated at the end.</param>
public sealed record RunOutcome(
    RunStatus Status, long Version, int Epochs, int BestEpoch, IReadOnlyList<double>? TrainSums, IReadOnlyList<double>? ValidationSums,
    IReadOnlyDictionary<DataPart, IReadOnlyList<double>> FinalSums)
{
    /// <summary>Committed steps that were lost with a server and made again.</summary>
    public long LostSteps { get; init; }

    /// <summary>Steps that clipping acted in.</summary>
    public long ClippedSteps { get; init; }

    /// <summary>Steps that were left unapplied because their loss or gradient was not finite.</summary>
    public long SkippedSteps { get; init; }
}
