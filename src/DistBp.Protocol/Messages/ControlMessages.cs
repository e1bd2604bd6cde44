namespace DistBp.Protocol.Messages;

/// <summary>Host to coordinator: who is there to work from now on, at the beginning and whenever that changes.</summary>
/// <param name="Lost">
/// Members that are gone and answer no more, of the current assignment or of an earlier one. A member in none of the lists leaves: it still hands over what it has.
/// </param>
public sealed record MembersChanged(IReadOnlyList<int> Workers, IReadOnlyList<int> Servers, IReadOnlyCollection<Address> Lost) : Message;

/// <summary>Host to coordinator: effect <see cref="Effects.GoBack"/> is done; the run goes on from what the host holds.</summary>
public sealed record WentBack(long Version, TrainingProgress Progress) : Message;

/// <summary>Host to coordinator: finish the step, save and end (a signal, or a user's cancel).</summary>
public sealed record StopRequested : Message;

/// <summary>Host to coordinator: whether the run ends after the epoch that was reported last, as with early stopping.</summary>
public sealed record EpochJudged(bool Stop) : Message;

/// <summary>
/// Coordinator to worker and server: who does what from now on, starting at <paramref name="Version"/>. Servers of <paramref name="Previous"/> hear of it too
/// and hand their shards over.
/// </summary>
/// <param name="Previous">The assignment whose servers hold the shards; null: the coordinator's host hands them over.</param>
/// <param name="MaxSkips">How many steps in a row may be left unapplied because their loss or gradient is not finite; 0: none.</param>
/// <param name="SkipsInRow">How many have been so far.</param>
public sealed record Assign(Assignment Assignment, Assignment? Previous, long Version, int MaxSkips, int SkipsInRow)
    : MemberMessage(Assignment.Generation)
{
    /// <summary>Servers of <see cref="Previous"/> that are gone: the first backup that has it hands over what they had.</summary>
    public IReadOnlyList<int> LostServers { get; init; } = [];

    /// <summary>Copies of <see cref="Previous"/> that were not filled when the assignment was made.</summary>
    public IReadOnlyList<CopyPlace> Unfilled { get; init; } = [];

    /// <summary>Whether servers that have the metric sums keep the reports of steps until the next stop point, for a coordinator that takes over.</summary>
    public bool KeepsReports { get; init; }

    /// <summary>As of <see cref="ServerStanding"/>.</summary>
    public int Restored { get; init; }

    /// <summary>As of <see cref="Proceed"/>.</summary>
    public Course? Course { get; init; }

    /// <summary>Who has what of <see cref="Previous"/>.</summary>
    public Holdings? HeldBefore() => Previous is null ? null : new Holdings(Previous, LostServers, Unfilled);
}

/// <summary>Coordinator to server: go no further; the members change. No version is overwritten before the coordinator has decided which one counts.</summary>
/// <param name="Reported">Reports of steps before this one have come.</param>
public sealed record Suspend(Generation Generation, long Reported = 0) : MemberMessage(Generation);

/// <summary>Server to coordinator: it stands at <paramref name="Version"/>, and moves from there only by <see cref="Complete"/> or another <see cref="Assign"/>.</summary>
/// <param name="SkipsInRow">Steps that were left unapplied directly before.</param>
public sealed record Suspended(Generation Generation, int Server, long Version, int SkipsInRow) : MemberMessage(Generation)
{
    /// <summary>Of the step that was committed last: with them a server that lacks the norms of one who is gone, or whose connection is, can commit it too.</summary>
    public IReadOnlyList<ShareNorms> Decided { get; init; } = [];

    /// <summary>Where the server keeps them, the reports that the coordinator lacks: <see cref="StepCommitted"/> and <see cref="StepSkipped"/>, in the order of the steps.</summary>
    public IReadOnlyList<MemberMessage> Reports { get; init; } = [];
}

/// <summary>Coordinator to server: another server has committed the step that you were suspended in: commit it too.</summary>
public sealed record Complete(Generation Generation) : MemberMessage(Generation)
{
    /// <summary>Of all servers: some may never have arrived.</summary>
    public IReadOnlyList<ShareNorms> Norms { get; init; } = [];
}

/// <summary>
/// A coordinator of a new term to server: take no word of an older term any more, go no further, and say where you stand. Its generation is (term, 0).
/// </summary>
public sealed record TakeOver(int Term) : MemberMessage(new Generation(Term, 0));

/// <summary>Server to a coordinator that takes over: what it has and where it stands. It moves from there only as after <see cref="Suspended"/>.</summary>
/// <param name="Held">The last assignment that all members took up, as far as the server knows; null: none, it has nothing.</param>
/// <param name="Loaded">The one whose shard it has loaded last: <paramref name="Held"/>, or the one after it.</param>
/// <param name="Version">Of the shards of both.</param>
public sealed record ServerStanding(int Term, int Server, Assignment? Held, Assignment? Loaded, long Version, int SkipsInRow)
    : MemberMessage(new Generation(Term, 0))
{
    /// <summary>Servers whose shards of <paramref name="Held"/> are not wholly in the copies that this one keeps.</summary>
    public IReadOnlyList<int> UnfilledOfHeld { get; init; } = [];

    /// <summary>So of <paramref name="Loaded"/>.</summary>
    public IReadOnlyList<int> UnfilledOfLoaded { get; init; } = [];

    /// <summary>How many of the versions are no steps: the best epoch's parameters came back, or exact ones.</summary>
    public int Restored { get; init; }

    /// <summary>The newest that it was told; null before the first.</summary>
    public Course? Course { get; init; }

    /// <summary>As of <see cref="Suspended"/>.</summary>
    public IReadOnlyList<ShareNorms> Decided { get; init; } = [];

    /// <summary>As of <see cref="Suspended"/>, from <see cref="Course"/> on.</summary>
    public IReadOnlyList<MemberMessage> Reports { get; init; } = [];
}

/// <summary>The coordinator's own state at a stop point; servers keep it for one who takes over.</summary>
/// <param name="From">The version of the stop point.</param>
/// <param name="Progress">With the sums of the epoch under way.</param>
/// <param name="AtStop">What is to be done at the stop point (evaluation, checkpoint) is not done; else members go on from it.</param>
public sealed record Course(long From, TrainingProgress Progress, bool AtStop);

/// <summary>Server to coordinator: the shard is loaded, and those copies that were to be made of what the server had. Others are filled while steps are made.</summary>
public sealed record ServerReady(Generation Generation, int Server) : MemberMessage(Generation);

/// <summary>Server to coordinator: its copy of the owner's shard is whole, and from here on in every step what the shard is.</summary>
public sealed record CopyFilled(Generation Generation, int Backup, int Owner) : MemberMessage(Generation);

/// <summary>Worker to coordinator: memory for the slices is there.</summary>
public sealed record WorkerReady(Generation Generation, int Worker) : MemberMessage(Generation);

/// <summary>
/// Coordinator to worker and server: step on by yourselves from version <paramref name="From"/> until <paramref name="Until"/> is committed.
/// The coordinator is not needed between the two.
/// </summary>
/// <param name="RateFactor">What a plateau schedule has come to; 1 for others.</param>
public sealed record Proceed(Generation Generation, long From, long Until, double RateFactor) : MemberMessage(Generation)
{
    /// <summary>To servers, where the run outlives its coordinator; else null.</summary>
    public Course? Course { get; init; }
}

/// <summary>Coordinator to server: end with the step under way. The servers agree on it by <see cref="ShareNorms"/>.</summary>
public sealed record RequestHalt(Generation Generation) : MemberMessage(Generation);

/// <summary>Server to coordinator: <paramref name="Version"/> is committed and no step is under way: the stop point is reached.</summary>
public sealed record ServerStopped(Generation Generation, int Server, long Version) : MemberMessage(Generation);

/// <summary>Coordinator to server: copy the shard between two steps.</summary>
public sealed record CaptureShard(Generation Generation, CaptureTarget Target, long Version) : MemberMessage(Generation);

/// <summary>Server to coordinator: the copy is there; training may go on.</summary>
public sealed record ShardCaptured(Generation Generation, int Server, CaptureTarget Target, long Version) : MemberMessage(Generation)
{
    /// <summary>Of the shard and of the copies that the server keeps, for a checkpoint of shards that have copies; else empty.</summary>
    public IReadOnlyList<ShardDigest> Digests { get; init; } = [];
}

/// <summary>A hash of a shard's parameters and optimizer state: the same for the owner and all backups, or one of them is damaged.</summary>
public readonly record struct ShardDigest(int Owner, ulong Digest);

/// <summary>Coordinator to server: go back to the parameters of the best epoch, which become <paramref name="Version"/>.</summary>
public sealed record RestoreBest(Generation Generation, long Version) : MemberMessage(Generation)
{
    /// <summary>As of <see cref="Proceed"/>.</summary>
    public Course? Course { get; init; }
}

/// <summary>
/// Coordinator to server, where workers read rounded parameters: from here on they read the exact ones, as <paramref name="Version"/>. No step
/// follows; answered by <see cref="BestRestored"/> too.
/// </summary>
public sealed record ShowExact(Generation Generation, long Version) : MemberMessage(Generation)
{
    /// <summary>As of <see cref="Proceed"/>.</summary>
    public Course? Course { get; init; }
}

/// <summary>Server to coordinator: done.</summary>
public sealed record BestRestored(Generation Generation, int Server) : MemberMessage(Generation);

/// <summary>What a captured copy is for.</summary>
public enum CaptureTarget
{
    /// <summary>Parameters and optimizer state, to be written to disk.</summary>
    Checkpoint,

    /// <summary>Parameters alone, kept for earlyStopping.restoreBest.</summary>
    Best,

    /// <summary>Parameters alone, for the coordinator's host: the run's result.</summary>
    Final,

    /// <summary>What was kept as <see cref="Best"/> before, for the host of a coordinator that has taken over: its checkpoints must have it too.</summary>
    KeptBest,
}
