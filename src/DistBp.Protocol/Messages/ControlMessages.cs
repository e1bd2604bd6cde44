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
    : MemberMessage(Assignment.Generation);

/// <summary>Coordinator to server: go no further; the members change. No version is overwritten before the coordinator has decided which one counts.</summary>
public sealed record Suspend(Generation Generation) : MemberMessage(Generation);

/// <summary>Server to coordinator: it stands at <paramref name="Version"/>, and moves from there only by <see cref="Complete"/> or another <see cref="Assign"/>.</summary>
/// <param name="SkipsInRow">Steps that were left unapplied directly before.</param>
public sealed record Suspended(Generation Generation, int Server, long Version, int SkipsInRow) : MemberMessage(Generation);

/// <summary>Coordinator to server: another server has committed the step that you were suspended in: commit it too.</summary>
public sealed record Complete(Generation Generation) : MemberMessage(Generation);

/// <summary>Server to coordinator: the shard is loaded.</summary>
public sealed record ServerReady(Generation Generation, int Server) : MemberMessage(Generation);

/// <summary>Worker to coordinator: memory for the slices is there.</summary>
public sealed record WorkerReady(Generation Generation, int Worker) : MemberMessage(Generation);

/// <summary>
/// Coordinator to worker and server: step on by yourselves from version <paramref name="From"/> until <paramref name="Until"/> is committed.
/// The coordinator is not needed between the two.
/// </summary>
/// <param name="RateFactor">What a plateau schedule has come to; 1 for others.</param>
public sealed record Proceed(Generation Generation, long From, long Until, double RateFactor) : MemberMessage(Generation);

/// <summary>Coordinator to server: end with the step under way. The servers agree on it by <see cref="ShareNorms"/>.</summary>
public sealed record RequestHalt(Generation Generation) : MemberMessage(Generation);

/// <summary>Server to coordinator: <paramref name="Version"/> is committed and no step is under way: the stop point is reached.</summary>
public sealed record ServerStopped(Generation Generation, int Server, long Version) : MemberMessage(Generation);

/// <summary>Coordinator to server: copy the shard between two steps.</summary>
public sealed record CaptureShard(Generation Generation, CaptureTarget Target, long Version) : MemberMessage(Generation);

/// <summary>Server to coordinator: the copy is there; training may go on.</summary>
public sealed record ShardCaptured(Generation Generation, int Server, CaptureTarget Target, long Version) : MemberMessage(Generation);

/// <summary>Coordinator to server: go back to the parameters of the best epoch, which become <paramref name="Version"/>.</summary>
public sealed record RestoreBest(Generation Generation, long Version) : MemberMessage(Generation);

/// <summary>
/// Coordinator to server, where workers read rounded parameters: from here on they read the exact ones, as <paramref name="Version"/>. No step
/// follows; answered by <see cref="BestRestored"/> too.
/// </summary>
public sealed record ShowExact(Generation Generation, long Version) : MemberMessage(Generation);

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
}
