using System.Diagnostics;
using DistBp.Learning.Encodings;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// Says who does what whenever the members change, and lets them step by themselves from one stop point (a checkpoint, an epoch's end at which there is something to do) to the
/// next. At a stop point it has the epoch evaluated, decides on early stopping and the plateau, has the shards captured, and goes on. Other epochs end on the way, by reports of steps alone.
/// </summary>
/// <param name="term">The number of its reign: above that of every coordinator of the run before.</param>
/// <param name="takesOver">Whether members may be at work already, under another coordinator: they say where they stand, and from there it goes on.</param>
public sealed class Coordinator(TrainingPlan plan, int term = 1, bool takesOver = false)
{
    private readonly Muster _muster = new(plan, term);
    private readonly Dictionary<DataPart, IReadOnlyList<double>> _finalSums = [];
    private readonly double[] _epochSums = [.. plan.StartProgress.EpochSums];
    private readonly EvaluationSums _evaluation = new();
    private readonly SampledFigures _sampled = new();
    private readonly List<NonFiniteSlice> _located = [];
    private readonly List<SubtreeResidual> _residuals = [];
    private readonly SortedDictionary<int, List<(int Server, ulong Digest)>> _digests = [];
    private readonly HashSet<Address> _awaited = [];
    private readonly Dictionary<int, long> _stoppedAt = [];
    private readonly HashSet<int> _asked = [];
    private readonly Standings _standings = new();
    private Phase _phase = takesOver ? Phase.TakingOver : Phase.AwaitingMembers;
    private Phase _afterAssigning = Phase.Stepping;
    private TrainingProgress _progress = plan.StartProgress;
    private long _version = plan.StartVersion;
    private long _from = plan.StartVersion;
    private long _committed = plan.StartVersion;

    /// <summary>Reports of steps before this one have come; one that comes again says nothing new.</summary>
    private long _reported = plan.StartVersion;

    /// <summary>From the course on.</summary>
    private readonly ReportLog _reports = new();
    private Course _course = new(plan.StartVersion, plan.StartProgress, AtStop: false);
    private long _capturedVersion = plan.StartVersion;
    private long _clippedSteps = plan.StartProgress.ClippedSteps;
    private long _skippedSteps = plan.StartProgress.SkippedSteps;
    private long _lostSteps;
    private DataPart _evaluated;
    private CaptureTarget _captured;
    private int _badSegment;
    private bool _writing;
    private bool _bestDue;

    /// <summary>Servers keep the best epoch's parameters, and this coordinator's host has not got them: it has taken over since.</summary>
    private bool _bestElsewhere;
    private int _restored;
    private bool _stopRequested;

    private enum Phase
    {
        /// <summary>Servers that were at work under another coordinator say where they stand.</summary>
        TakingOver,

        /// <summary>A worker and a server at least are needed.</summary>
        AwaitingMembers,

        /// <summary>Members have changed: servers say where they stand.</summary>
        Suspending,

        /// <summary>A shard is lost: the host brings back the newest checkpoint.</summary>
        GoingBack,

        /// <summary>Members hand over and load their shards and prepare their slices.</summary>
        Assigning,
        Stepping,

        /// <summary>At a stop point that nothing was done at yet.</summary>
        Stopped,
        EvaluatingEpoch,

        /// <summary>The host says whether the run goes on after the epoch.</summary>
        AwaitingVerdict,
        CapturingBest,
        CapturingCheckpoint,

        /// <summary>A copy is due and the checkpoint before, which holds the copies, is still being written.</summary>
        AwaitingDisk,

        /// <summary>Workers get the final parameters: those of the best epoch, and the exact ones where they had rounded ones.</summary>
        RestoringBest,
        EvaluatingFinal,
        CapturingFinal,

        /// <summary>A step was rejected: workers look for the samples to blame.</summary>
        Locating,

        /// <summary>All is done but the last checkpoint's writing.</summary>
        Ending,
        Ended,
    }

    /// <summary>The newest committed version that the coordinator knows of.</summary>
    public long Version => _version;

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe()
    {
        IReadOnlyCollection<Address> awaited = _phase is Phase.Suspending or Phase.Assigning ? _muster.Awaited : _awaited;
        string whom = awaited.Count == 0 ? "" : $", waits for {string.Join(", ", awaited.Take(5))}{(awaited.Count > 5 ? $" and {awaited.Count - 5} more" : "")}";
        string copies = _muster.UnfilledCount == 0 ? "" : $", {(_muster.UnfilledCount == 1 ? "1 copy is" : $"{_muster.UnfilledCount} copies are")} being filled";
        return $"coordinator: {_phase.ToString().ToLowerInvariant()}, version {_version}{whom}{copies}";
    }

    private bool Finished => _progress.StoppedEarly || _version >= plan.TotalSteps;

    private bool IsCapturing => _phase is Phase.CapturingBest or Phase.CapturingCheckpoint or Phase.CapturingFinal;

    private bool RestoresBest => plan.EarlyStopping is { RestoreBest: true } && _progress.BestEpoch > 0;

    /// <summary>What servers call their version: the best epoch's parameters come back as a version of their own, and so do exact ones.</summary>
    private long ShardVersion => _version + _restored;

    private Generation Generation => _muster.Current!.Generation;

    public void Step(Message message, EffectList effects)
    {
        if (message is MemberMessage { Generation: var generation } and not ServerStanding && (_muster.Current is null || generation != Generation)) return;
        switch (message)
        {
            case MembersChanged m: OnMembersChanged(m, effects); break;
            case WentBack m: OnWentBack(m, effects); break;
            case StopRequested: OnStopRequested(effects); break;
            case ServerStanding m: OnServerStanding(m, effects); break;
            case Suspended m: OnSuspended(m, effects); break;
            case ServerReady m: OnReady(Address.Server(m.Server), effects); break;
            case CopyFilled m: _muster.Fill(m, effects); break;
            case WorkerReady m: OnReady(Address.Worker(m.Worker), effects); break;
            case StepCommitted m: OnStepCommitted(m, effects); break;
            case ShardMeasured m: OnShardMeasured(m, effects); break;
            case StepSkipped m: OnStepSkipped(m, effects); break;
            case StepRejected m: OnStepRejected(m, effects); break;
            case NonFiniteLocated m: OnNonFiniteLocated(m, effects); break;
            case ServerStopped m: OnServerStopped(m, effects); break;
            case EvaluationDone m: OnEvaluationDone(m, effects); break;
            case EpochJudged m: OnEpochJudged(m, effects); break;
            case ShardCaptured m: OnShardCaptured(m, effects); break;
            case ResidualsCaptured m: OnResidualsCaptured(m, effects); break;
            case CheckpointWritten: OnCheckpointWritten(effects); break;
            case BestRestored m: OnBestRestored(m, effects); break;
            default: throw new UnreachableException($"The coordinator received {message}.");
        }
    }

    private void OnMembersChanged(MembersChanged message, EffectList effects)
    {
        _muster.Change(message);
        foreach (Address lost in message.Lost) _awaited.Remove(lost);
        switch (_phase)
        {
            case Phase.TakingOver:
                AskStandings(message, effects);
                break;
            case Phase.AwaitingMembers:
                BecomeAssigning(_afterAssigning, effects);
                break;
            case Phase.Stepping when plan.Consistency.IsPaced && _muster.IsOutdated:
                StandStill(effects);
                break;
            case Phase.Stepping when _muster.IsOutdated:
                BecomeSuspending(effects);
                break;
            case Phase.Suspending:
                TrySettle(effects);
                break;
            case Phase.Assigning when _muster.IsOutdated || _muster.MissesShard || _muster.MissesHolder:
                BecomeAssigning(_afterAssigning, effects);
                break;
            case Phase.Assigning:
                _muster.SpeakFor(message.Lost, effects);
                break;
            case Phase.Locating:
                FailWhenLocated(effects);
                break;
            // Who came or leaves is taken up before the next steps; what was asked of one who is gone must be asked again.
            case Phase.EvaluatingEpoch or Phase.CapturingBest or Phase.CapturingCheckpoint or Phase.RestoringBest or Phase.EvaluatingFinal
                or Phase.CapturingFinal when _muster.MissesMember:
                BecomeAssigning(_phase, effects);
                break;
        }
    }

    /// <summary>All who are back; who comes later is asked too, and whose time is over is not waited for.</summary>
    private void AskStandings(MembersChanged members, EffectList effects)
    {
        foreach (Address lost in members.Lost) _standings.Forget(lost);
        foreach (int server in members.Servers.Where(_asked.Add)) Ask(Address.Server(server), new TakeOver(term), effects);
        TakeOverWhenAllStand(effects);
    }

    private void OnServerStanding(ServerStanding message, EffectList effects)
    {
        if (_phase != Phase.TakingOver || message.Term != term || !_awaited.Remove(Address.Server(message.Server))) return;
        _standings.Add(message);
        TakeOverWhenAllStand(effects);
    }

    private void TakeOverWhenAllStand(EffectList effects)
    {
        if (_awaited.Count > 0 || _asked.Count == 0) return;
        _committed = Math.Max(_committed, _standings.Newest);
        if (_standings.Find(plan) is not { } foothold)
        {
            BecomeGoingBack(effects);
            return;
        }
        Resume(foothold.Course);
        _bestElsewhere = plan.EarlyStopping is { RestoreBest: true } && _progress.BestEpoch > 0;
        _muster.Adopt(
            foothold.Held, foothold.Unfilled,
            foothold.Standings.Select(s => new Suspended(foothold.Held.Generation, s.Server, s.Version, s.SkipsInRow) { Decided = s.Decided }));
        Replay(foothold.Reports, effects);
        if (foothold.Standings.Any(s => s.Restored > 0))
        {
            // The last epoch is over and judged; some may have its best parameters and others not.
            (_version, _restored) = (foothold.Course.From, foothold.Standings.Min(s => s.Restored));
            BecomeAssigning(_restored == 0 ? Phase.RestoringBest : Phase.EvaluatingFinal, effects);
            return;
        }
        _phase = Phase.Suspending;
        TrySettle(effects);
    }

    /// <summary>As it stood at a stop point.</summary>
    private void Resume(Course course)
    {
        (_course, _progress) = (course, course.Progress);
        _version = _from = _committed = _reported = course.From;
        _reports.DropFrom(0);
        (_clippedSteps, _skippedSteps) = (course.Progress.ClippedSteps, course.Progress.SkippedSteps);
        course.Progress.EpochSums.ToArray().CopyTo(_epochSums, 0);
    }

    /// <summary>Reports that may have come before.</summary>
    private void Replay(IReadOnlyList<MemberMessage> reports, EffectList effects)
    {
        foreach (MemberMessage report in reports)
        {
            if (report is StepCommitted committed) OnStepCommitted(committed, effects);
            else OnStepSkipped((StepSkipped)report, effects);
        }
    }

    /// <summary>
    /// Workers at their own pace are in different steps: before slices and shards move, all go on to where they can stand still. Who is lost cannot, and what
    /// the others are ahead of him cannot be taken back.
    /// </summary>
    private void StandStill(EffectList effects)
    {
        if (_muster.MissesMember)
        {
            effects.Perform(new MeasureStepping(false));
            BecomeGoingBack(effects);
            return;
        }
        SendToServers(new RequestHalt(Generation), effects);
    }

    private void BecomeSuspending(EffectList effects)
    {
        _phase = Phase.Suspending;
        effects.Perform(new MeasureStepping(false));
        _muster.Suspend(_reported, effects);
        TrySettle(effects);
    }

    private void OnSuspended(Suspended message, EffectList effects)
    {
        if (_phase != Phase.Suspending) return;
        _muster.Add(message);
        Replay(message.Reports, effects);
        TrySettle(effects);
    }

    private void TrySettle(EffectList effects)
    {
        if (_muster.MissesShard)
        {
            BecomeGoingBack(effects);
            return;
        }
        if (_muster.Settle(effects) is not { } version) return;
        if (plan.KeepsReports && _reported < version)
        {
            // Whoever knew what the steps gave is gone with all who backed it up.
            BecomeGoingBack(effects);
            return;
        }
        bool moved = version > _from;
        _version = version;
        bool stops = (version == _course.From && _course.AtStop) || (moved && (_stopRequested || version >= plan.NextStop(_from)));
        SetCourse(stops, effects);
        BecomeAssigning(stops ? Phase.Stopped : Phase.Stepping, effects);
    }

    private void SetCourse(bool atStop, EffectList effects)
    {
        TrainingProgress progress = plan.KeepsReports && _reported > _version
            ? ProgressAt(_version)
            : _progress with { EpochSums = [.. _epochSums], ClippedSteps = _clippedSteps, SkippedSteps = _skippedSteps };
        _course = new Course(_version, progress, atStop);
        _reports.DropBefore(_version);
        if (plan.OutlivesCoordinator) effects.Perform(new PersistReports(_version));
    }

    /// <summary>
    /// A lead server may have reported a step and died before anybody else made it: it is made again, by who goes on from here too, and must be in the sums once. Where it was its
    /// epoch's last one, the epoch was told of, and ends once more for who takes over.
    /// </summary>
    private TrainingProgress ProgressAt(long version) =>
        _reports.From(_course.From).Where(r => ReportLog.StepOf(r) < version).Aggregate(_course.Progress, (progress, report) => EpochPolicy.After(plan, progress, report));

    /// <summary>For servers, where somebody may need it.</summary>
    private Course? CourseToKeep => plan.OutlivesCoordinator ? _course : null;

    private void BecomeGoingBack(EffectList effects)
    {
        _phase = Phase.GoingBack;
        _muster.Forget();
        effects.Perform(new GoBack(_committed));
    }

    private void OnWentBack(WentBack message, EffectList effects)
    {
        _lostSteps += Math.Max(0, _committed - message.Version);
        Resume(new Course(message.Version, message.Progress, AtStop: false));
        (_capturedVersion, _restored, _bestDue, _bestElsewhere) = (message.Version, 0, false, false);
        _finalSums.Clear();
        BecomeAssigning(Phase.Stepping, effects);
    }

    /// <param name="after">What follows when all are ready.</param>
    private void BecomeAssigning(Phase after, EffectList effects)
    {
        _afterAssigning = after;
        if (_muster.MissesShard)
        {
            BecomeGoingBack(effects);
        }
        else if (!_muster.HasEnough)
        {
            _phase = Phase.AwaitingMembers;
            if (_stopRequested) EndWithoutMembers(effects);
        }
        else
        {
            _phase = Phase.Assigning;
            _sampled.Clear();
            _muster.Assign(ShardVersion, _restored, CourseToKeep, effects);
        }
    }

    /// <summary>Nobody is there to step on, and what servers alone hold stays theirs: the newest checkpoint is what the run leaves.</summary>
    private void EndWithoutMembers(EffectList effects)
    {
        if (_muster.HandsOver) BecomeGoingBack(effects);
        else BecomeEnding(effects);
    }

    private void OnReady(Address member, EffectList effects)
    {
        if (_phase != Phase.Assigning || !_muster.Ready(member, effects)) return;
        switch (_afterAssigning)
        {
            case Phase.Stepping: Continue(effects); break;
            case Phase.Stopped: BecomeStopped(effects); break;
            case Phase.EvaluatingEpoch: BecomeEvaluating(Phase.EvaluatingEpoch, DataPart.Validation, effects); break;
            case Phase.CapturingBest or Phase.CapturingCheckpoint: CaptureIfDue(effects); break;
            case Phase.RestoringBest: BecomeRestoringBest(effects); break;
            // What a server loads anew it shows rounded.
            case Phase.EvaluatingFinal when plan.RoundsParameters: BecomeRestoringBest(effects); break;
            case Phase.EvaluatingFinal: EvaluateFinalParts(effects); break;
            case Phase.CapturingFinal: BecomeCapturingFinal(effects); break;
            default: throw new UnreachableException($"After an assignment comes no {_afterAssigning}.");
        }
    }

    private void OnStopRequested(EffectList effects)
    {
        if (_stopRequested) return;
        _stopRequested = true;
        if (_phase == Phase.Stepping) SendToServers(new RequestHalt(Generation), effects);
        else if (_phase == Phase.AwaitingMembers) EndWithoutMembers(effects);
    }

    private void OnStepCommitted(StepCommitted message, EffectList effects)
    {
        if (message.Step < _reported) return;
        _committed = _reported = message.Step + 1;
        if (plan.KeepsReports) _reports.Add(message);
        _muster.SkipsInRow = 0;
        ReadOnlySpan<double> sums = message.Sums.Span;
        for (int i = 0; i < _epochSums.Length; i++) _epochSums[i] += sums[i];
        if (message.Clipped) _clippedSteps++;
        effects.Perform(new ReportStep(message, _progress.RateFactor));
        EndEpochOnTheWay(effects);
    }

    private void OnShardMeasured(ShardMeasured message, EffectList effects)
    {
        if (_sampled.Add(message, _muster.Current!) is { } figures) effects.Perform(new ReportStatistics(message.Step, figures));
    }

    private void OnStepSkipped(StepSkipped message, EffectList effects)
    {
        if (message.Step < _reported) return;
        _reported = message.Step + 1;
        if (plan.KeepsReports) _reports.Add(message);
        _muster.SkipsInRow++;
        effects.Perform(new ReportSkip(message.Step, message.Segment, ++_skippedSteps) { Generation = message.Generation });
        EndEpochOnTheWay(effects);
    }

    /// <summary>Where members do not stop for it, an epoch is over with its last step's report: reports come once each and in order, whatever members do meanwhile.</summary>
    private void EndEpochOnTheWay(EffectList effects)
    {
        if (!plan.StopsAtEpochEnds && _reported % plan.StepsPerEpoch == 0) EndEpoch(null, effects);
    }

    private void OnStepRejected(StepRejected message, EffectList effects)
    {
        if (_phase != Phase.Stepping) return;
        _phase = Phase.Locating;
        _badSegment = message.Segment;
        _version = message.Step;
        _awaited.Clear();
        var locate = new LocateNonFinite(Generation, message.Step);
        foreach (int worker in _muster.Current!.Workers) Ask(Address.Worker(worker), locate, effects);
    }

    private void OnNonFiniteLocated(NonFiniteLocated message, EffectList effects)
    {
        if (_phase != Phase.Locating || !_awaited.Remove(Address.Worker(message.Worker))) return;
        _located.AddRange(message.Slices);
        FailWhenLocated(effects);
    }

    private void FailWhenLocated(EffectList effects)
    {
        if (_awaited.Count > 0) return;
        _phase = Phase.Ended;
        effects.Perform(new FailDiverged(_version, _badSegment, [.. _located.OrderBy(s => s.Slice)]) { Generation = Generation });
    }

    private void OnServerStopped(ServerStopped message, EffectList effects)
    {
        // One that arrives again, late: they have gone on from there.
        if (message.Version <= _from) return;
        _stoppedAt[message.Server] = message.Version;
        if (_phase != Phase.Stepping || _stoppedAt.Values.Any(v => v != message.Version)) return;
        _version = message.Version;
        effects.Perform(new MeasureStepping(false));
        BecomeStopped(effects);
    }

    private void BecomeStopped(EffectList effects)
    {
        _phase = Phase.Stopped;
        SetCourse(atStop: true, effects);
        _progress = _course.Progress;
        if (!plan.StopsAtEpochEnds || _version % plan.StepsPerEpoch != 0)
            CaptureIfDue(effects);
        else if (plan.EvaluationSamples.ContainsKey(DataPart.Validation))
            BecomeEvaluating(Phase.EvaluatingEpoch, DataPart.Validation, effects);
        else
            EndEpochAtStop(null, effects);
    }

    private void EndEpochAtStop(IReadOnlyList<double>? validationSums, EffectList effects)
    {
        EndEpoch(validationSums, effects);
        if (plan.JudgesEpochs) _phase = Phase.AwaitingVerdict;
        else CaptureIfDue(effects);
    }

    private void EndEpoch(IReadOnlyList<double>? validationSums, EffectList effects)
    {
        (_progress, bool improved, string note) =
            EpochPolicy.Decide(plan, _progress with { TrainSums = [.. _epochSums], ValidationSums = validationSums });
        Array.Clear(_epochSums);
        effects.Perform(new ReportEpoch(_progress.EpochsCompleted, _progress.TrainSums!, validationSums, note));
        _bestDue = improved && plan.EarlyStopping!.RestoreBest;
    }

    private void OnEpochJudged(EpochJudged message, EffectList effects)
    {
        if (_phase != Phase.AwaitingVerdict) return;
        if (message.Stop) _progress = _progress with { StoppedEarly = true };
        CaptureIfDue(effects);
    }

    private void CaptureIfDue(EffectList effects)
    {
        bool due = Finished || _stopRequested || (plan.CheckpointEverySteps > 0 && _version % plan.CheckpointEverySteps == 0);
        due &= plan.WritesCheckpoints && _capturedVersion != _version;
        if (!due && !_bestDue)
            Continue(effects);
        else if (_writing)
            _phase = Phase.AwaitingDisk;
        else if (_bestDue)
            BecomeCapturing(Phase.CapturingBest, CaptureTarget.Best, effects);
        else if (_bestElsewhere)
            BecomeCapturing(Phase.CapturingBest, CaptureTarget.KeptBest, effects);
        else
            BecomeCapturing(Phase.CapturingCheckpoint, CaptureTarget.Checkpoint, effects);
    }

    private void BecomeCapturing(Phase phase, CaptureTarget target, EffectList effects)
    {
        if (TakesUpLosses(phase, effects)) return;
        _phase = phase;
        _captured = target;
        _digests.Clear();
        AskServers(new CaptureShard(Generation, target, ShardVersion), effects);
        _residuals.Clear();
        if (target != CaptureTarget.Checkpoint || !plan.KeepsResiduals) return;
        var capture = new CaptureResiduals(Generation, ShardVersion);
        foreach (int worker in _muster.Current!.Workers) Ask(Address.Worker(worker), capture, effects);
    }

    private void OnShardCaptured(ShardCaptured message, EffectList effects)
    {
        // One that arrives again, late.
        if (!IsCapturing || message.Version != ShardVersion || message.Target != _captured || !_awaited.Contains(Address.Server(message.Server))) return;
        foreach (ShardDigest digest in message.Digests)
        {
            if (!_digests.TryGetValue(digest.Owner, out List<(int Server, ulong Digest)>? known)) _digests[digest.Owner] = known = [];
            known.Add((message.Server, digest.Digest));
        }
        OnCaptured(Address.Server(message.Server), effects);
    }

    /// <summary>False: what a backup would go on with is not what its owner has.</summary>
    private bool CopiesAgree(EffectList effects)
    {
        foreach ((int owner, List<(int Server, ulong Digest)> known) in _digests)
        {
            int[] others = [.. known.Where(k => k.Digest != known[0].Digest).Select(k => k.Server)];
            if (others.Length == 0) continue;
            _phase = Phase.Ended;
            effects.Perform(new FailCopies(_version, owner, others));
            return false;
        }
        return true;
    }

    private void OnResidualsCaptured(ResidualsCaptured message, EffectList effects)
    {
        if (!IsCapturing || message.Version != ShardVersion || !_awaited.Contains(Address.Worker(message.Worker))) return;
        _residuals.AddRange(message.Residuals);
        OnCaptured(Address.Worker(message.Worker), effects);
    }

    private void OnCaptured(Address member, EffectList effects)
    {
        if (!HasLastAnswered(member)) return;
        switch (_phase)
        {
            case Phase.CapturingBest:
                _bestDue = _bestElsewhere = false;
                CaptureIfDue(effects);
                break;
            case Phase.CapturingCheckpoint when CopiesAgree(effects):
                _capturedVersion = _version;
                _writing = true;
                effects.Perform(new WriteCheckpoint(_version, _progress, [.. _residuals.OrderBy(r => r.Subtree.First)]));
                Continue(effects);
                break;
            case Phase.CapturingFinal:
                BecomeEnding(effects);
                break;
        }
    }

    private void OnCheckpointWritten(EffectList effects)
    {
        _writing = false;
        if (_phase == Phase.AwaitingDisk) CaptureIfDue(effects);
        else if (_phase == Phase.Ending) BecomeEnded(effects);
    }

    /// <summary>On from a stop point: the next steps, or the end.</summary>
    private void Continue(EffectList effects)
    {
        if (Finished && (RestoresBest || plan.RoundsParameters))
            BecomeRestoringBest(effects);
        else if (Finished)
            EvaluateFinalParts(effects);
        else if (_stopRequested && _capturedVersion != _version && plan.WritesCheckpoints)
            CaptureIfDue(effects);
        else if (_stopRequested)
            BecomeCapturingFinal(effects);
        else if (_muster.IsOutdated)
            BecomeAssigning(Phase.Stepping, effects);
        else
            BecomeStepping(effects);
    }

    private void BecomeStepping(EffectList effects)
    {
        _phase = Phase.Stepping;
        _from = _version;
        _stoppedAt.Clear();
        foreach (int server in _muster.Current!.Servers) _stoppedAt[server] = _version;
        effects.Perform(new MeasureStepping(true));
        SetCourse(atStop: false, effects);
        var proceed = new Proceed(Generation, _version, plan.NextStop(_version), _progress.RateFactor);
        SendToServers(proceed with { Course = CourseToKeep }, effects);
        foreach (int worker in _muster.Current.Workers) effects.Send(Address.Worker(worker), proceed);
    }

    private void BecomeRestoringBest(EffectList effects)
    {
        if (TakesUpLosses(Phase.RestoringBest, effects)) return;
        _phase = Phase.RestoringBest;
        bool best = RestoresBest && _restored == 0;
        SetCourse(atStop: false, effects);
        AskServers(
            best ? new RestoreBest(Generation, ShardVersion + 1) { Course = CourseToKeep } : new ShowExact(Generation, ShardVersion + 1) { Course = CourseToKeep },
            effects);
    }

    private void OnBestRestored(BestRestored message, EffectList effects)
    {
        if (_phase != Phase.RestoringBest || !HasLastAnswered(Address.Server(message.Server))) return;
        _restored++;
        EvaluateFinalParts(effects);
    }

    private void EvaluateFinalParts(EffectList effects)
    {
        foreach (DataPart part in plan.FinalParts)
        {
            if (_finalSums.ContainsKey(part)) continue;
            BecomeEvaluating(Phase.EvaluatingFinal, part, effects);
            return;
        }
        BecomeCapturingFinal(effects);
    }

    private void BecomeCapturingFinal(EffectList effects) => BecomeCapturing(Phase.CapturingFinal, CaptureTarget.Final, effects);

    private void BecomeEvaluating(Phase phase, DataPart part, EffectList effects)
    {
        if (TakesUpLosses(phase, effects)) return;
        _phase = phase;
        _evaluated = part;
        _awaited.Clear();
        int leaves = EvaluationTree.LeafCount(plan.EvaluationSamples[part]);
        _evaluation.Reset(leaves);
        var evaluate = new Evaluate(Generation, part, leaves, ShardVersion);
        foreach (int worker in _muster.Current!.Workers) Ask(Address.Worker(worker), evaluate, effects);
    }

    private void OnEvaluationDone(EvaluationDone message, EffectList effects)
    {
        if (_phase is not (Phase.EvaluatingEpoch or Phase.EvaluatingFinal) || message.Version != ShardVersion || message.Part != _evaluated) return;
        _evaluation.Add(message.Sums);
        if (!HasLastAnswered(Address.Worker(message.Worker))) return;
        IReadOnlyList<double> sums = _evaluation.Total();
        if (_phase == Phase.EvaluatingEpoch)
        {
            EndEpochAtStop(sums, effects);
            return;
        }
        _finalSums[message.Part] = sums;
        EvaluateFinalParts(effects);
    }

    private void BecomeEnding(EffectList effects)
    {
        _phase = Phase.Ending;
        if (!_writing) BecomeEnded(effects);
    }

    private void BecomeEnded(EffectList effects)
    {
        _phase = Phase.Ended;
        RunStatus status = !Finished ? RunStatus.Interrupted : _progress.StoppedEarly ? RunStatus.StoppedEarly : RunStatus.Completed;
        bool best = Finished && RestoresBest;
        effects.Perform(new FinishRun(new RunOutcome(
            status, _version, _progress.EpochsCompleted, _progress.BestEpoch, best ? _progress.BestTrainSums : _progress.TrainSums,
            best ? _progress.BestValidationSums : _progress.ValidationSums, _finalSums)
        {
            ClippedSteps = _clippedSteps,
            SkippedSteps = _skippedSteps,
            LostSteps = _lostSteps,
        }));
    }

    /// <summary>Whoever is gone since the last assignment cannot be asked: then the phase waits for a new one.</summary>
    private bool TakesUpLosses(Phase phase, EffectList effects)
    {
        if (!_muster.MissesMember) return false;
        BecomeAssigning(phase, effects);
        return true;
    }

    private void SendToServers(Message message, EffectList effects)
    {
        foreach (int server in _muster.Current!.Servers) effects.Send(Address.Server(server), message);
    }

    private void AskServers(Message message, EffectList effects)
    {
        _awaited.Clear();
        foreach (int server in _muster.Current!.Servers) Ask(Address.Server(server), message, effects);
    }

    private void Ask(Address member, Message message, EffectList effects)
    {
        effects.Send(member, message);
        _awaited.Add(member);
    }

    /// <summary>True where the member was the last one that was waited for.</summary>
    private bool HasLastAnswered(Address member) => _awaited.Remove(member) && _awaited.Count == 0;
}
