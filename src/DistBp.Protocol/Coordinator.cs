using System.Diagnostics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// Says who does what whenever the members change, and lets them step by themselves from one stop point (a checkpoint, an epoch's end at which there is something to do) to the
/// next. What is to be done there its <see cref="StopPoint"/> does. Other epochs end on the way, by reports of steps alone, which its <see cref="Tally"/> counts.
/// </summary>
public sealed class Coordinator
{
    private readonly TrainingPlan _plan;
    private readonly Muster _muster;
    private readonly Tally _tally;
    private readonly Inquiry _inquiry = new();
    private readonly Standings _standings;
    private readonly NonFiniteSearch _search;
    private readonly StopPoint _stop;
    private readonly SampledFigures _sampled = new();
    private readonly Dictionary<int, long> _stoppedAt = [];
    private Phase _phase;
    private StopPhase? _afterAssigning;

    /// <summary>The version that members have stepped on from.</summary>
    private long _from;

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

        /// <summary>A step was rejected: workers look for the samples to blame.</summary>
        Locating,

        /// <summary>What there is to do is the <see cref="StopPoint"/>'s.</summary>
        AtStopPoint,
    }

    /// <param name="term">The number of its reign: above that of every coordinator of the run before.</param>
    /// <param name="takesOver">Whether members may be at work already, under another coordinator: they say where they stand, and from there it goes on.</param>
    public Coordinator(TrainingPlan plan, int term = 1, bool takesOver = false)
    {
        _plan = plan;
        _phase = takesOver ? Phase.TakingOver : Phase.AwaitingMembers;
        _from = plan.StartVersion;
        _muster = new Muster(plan, term);
        _tally = new Tally(plan);
        _standings = new Standings(term, _inquiry);
        _search = new NonFiniteSearch(_inquiry);
        _stop = new StopPoint(plan, _muster, _tally, _inquiry);
    }

    /// <summary>The newest committed version that the coordinator knows of.</summary>
    public long Version => _tally.Version;

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe()
    {
        IReadOnlyCollection<Address> awaited = _phase is Phase.Suspending or Phase.Assigning ? _muster.Awaited : _inquiry.Awaited;
        string whom = awaited.Count == 0 ? "" : $", waits for {string.Join(", ", awaited.Take(5))}{(awaited.Count > 5 ? $" and {awaited.Count - 5} more" : "")}";
        string copies = _muster.UnfilledCount == 0 ? "" : $", {(_muster.UnfilledCount == 1 ? "1 copy is" : $"{_muster.UnfilledCount} copies are")} being filled";
        string? phase = _phase == Phase.AtStopPoint ? _stop.Phase.ToString() : _phase.ToString();
        return $"coordinator: {phase!.ToLowerInvariant()}, version {Version}{whom}{copies}";
    }

    private Assignment Current => _muster.Current!;

    private Generation Generation => Current.Generation;

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
            case StepCommitted m: Count(m, effects); break;
            case ShardMeasured m: OnShardMeasured(m, effects); break;
            case StepSkipped m: Count(m, effects); break;
            case StepRejected m: OnStepRejected(m, effects); break;
            case NonFiniteLocated m: OnNonFiniteLocated(m, effects); break;
            case ServerStopped m: OnServerStopped(m, effects); break;
            case EvaluationDone or EpochJudged or ShardCaptured or ResidualsCaptured or CheckpointWritten or BestRestored:
                Follow(_stop.Step(message, effects), effects);
                break;
            default: throw new UnreachableException($"The coordinator received {message}.");
        }
    }

    private void OnMembersChanged(MembersChanged message, EffectList effects)
    {
        _muster.Change(message);
        _inquiry.Forget(message.Lost);
        switch (_phase)
        {
            case Phase.TakingOver:
                _standings.Ask(message, effects);
                TakeOverWhenAllStand(effects);
                break;
            case Phase.AwaitingMembers:
                BecomeAssigning(_afterAssigning, effects);
                break;
            case Phase.Stepping when _plan.Consistency.IsPaced && _muster.IsOutdated:
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
            // Who came or leaves is taken up before the next steps.
            case Phase.AtStopPoint when _stop.IsAsking && _muster.MissesMember:
                BecomeAssigning(_stop.Phase, effects);
                break;
        }
    }

    private void OnServerStanding(ServerStanding message, EffectList effects)
    {
        if (_phase == Phase.TakingOver && _standings.Add(message)) TakeOverWhenAllStand(effects);
    }

    private void TakeOverWhenAllStand(EffectList effects)
    {
        if (!_standings.AreComplete) return;
        _tally.Hear(_standings.Newest);
        if (_standings.Find(_plan) is not { } foothold)
        {
            BecomeGoingBack(effects);
            return;
        }
        Resume(foothold.Course);
        _stop.TakeOver(foothold.Standings.Min(s => s.Restored));
        _muster.Adopt(
            foothold.Held, foothold.Unfilled,
            foothold.Standings.Select(s => new Suspended(foothold.Held.Generation, s.Server, s.Version, s.SkipsInRow) { Decided = s.Decided }));
        Replay(foothold.Reports, effects);
        if (foothold.Standings.Any(s => s.Restored > 0))
        {
            // The last epoch is over and judged; some may have its best parameters and others not.
            BecomeAssigning(_stop.Restored == 0 ? StopPhase.RestoringBest : StopPhase.EvaluatingFinal, effects);
            return;
        }
        _phase = Phase.Suspending;
        TrySettle(effects);
    }

    /// <summary>As it stood at a stop point.</summary>
    private void Resume(Course course)
    {
        _tally.Resume(course);
        _from = course.From;
    }

    /// <summary>Reports that may have come before.</summary>
    private void Replay(IReadOnlyList<MemberMessage> reports, EffectList effects)
    {
        foreach (MemberMessage report in reports) Count(report, effects);
    }

    private void Count(MemberMessage report, EffectList effects)
    {
        if (_tally.Count(report, effects)) _muster.SkipsInRow = report is StepSkipped ? _muster.SkipsInRow + 1 : 0;
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
        _muster.Suspend(_tally.Reported, effects);
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
        if (_plan.KeepsReports && _tally.Reported < version)
        {
            // Whoever knew what the steps gave is gone with all who backed it up.
            BecomeGoingBack(effects);
            return;
        }
        bool moved = version > _from;
        _tally.Version = version;
        bool stops = (version == _tally.Course.From && _tally.Course.AtStop) || (moved && (_stop.IsEndRequested || version >= _plan.NextStop(_from)));
        _tally.SetCourse(stops, effects);
        BecomeAssigning(stops ? StopPhase.Stopped : null, effects);
    }

    private void BecomeGoingBack(EffectList effects)
    {
        _phase = Phase.GoingBack;
        _muster.Forget();
        effects.Perform(new GoBack(_tally.Committed));
    }

    private void OnWentBack(WentBack message, EffectList effects)
    {
        _tally.Lose(message.Version);
        Resume(new Course(message.Version, message.Progress, AtStop: false));
        _stop.GoBack(message.Version);
        BecomeAssigning(null, effects);
    }

    /// <param name="after">What follows at the stop point when all are ready; null: the next steps.</param>
    private void BecomeAssigning(StopPhase? after, EffectList effects)
    {
        _afterAssigning = after;
        _stop.Leave();
        if (_muster.MissesShard)
        {
            BecomeGoingBack(effects);
        }
        else if (!_muster.HasEnough)
        {
            _phase = Phase.AwaitingMembers;
            if (_stop.IsEndRequested) EndWithoutMembers(effects);
        }
        else
        {
            _phase = Phase.Assigning;
            _sampled.Clear();
            _muster.Assign(_stop.ShardVersion, _stop.Restored, _tally.CourseToKeep, effects);
        }
    }

    /// <summary>Nobody is there to step on, and what servers alone hold stays theirs: the newest checkpoint is what the run leaves.</summary>
    private void EndWithoutMembers(EffectList effects)
    {
        if (_muster.HandsOver) BecomeGoingBack(effects);
        else Follow(_stop.BecomeEnding(effects), effects);
    }

    private void OnReady(Address member, EffectList effects)
    {
        if (_phase == Phase.Assigning && _muster.Ready(member, effects)) Follow(_stop.Resume(_afterAssigning, effects), effects);
    }

    /// <summary>What comes after what was done at a stop point.</summary>
    private void Follow(StopExit exit, EffectList effects)
    {
        if (_stop.Phase is not null) _phase = Phase.AtStopPoint;
        if (exit == StopExit.Assign) BecomeAssigning(_stop.Phase, effects);
        else if (exit == StopExit.StepOn && _muster.IsOutdated) BecomeAssigning(null, effects);
        else if (exit == StopExit.StepOn) BecomeStepping(effects);
    }

    private void OnStopRequested(EffectList effects)
    {
        if (_stop.IsEndRequested) return;
        _stop.IsEndRequested = true;
        if (_phase == Phase.Stepping) SendToServers(new RequestHalt(Generation), effects);
        else if (_phase == Phase.AwaitingMembers) EndWithoutMembers(effects);
    }

    private void OnShardMeasured(ShardMeasured message, EffectList effects)
    {
        if (_sampled.Add(message, Current) is { } figures) effects.Perform(new ReportStatistics(message.Step, figures));
    }

    private void OnStepRejected(StepRejected message, EffectList effects)
    {
        if (_phase != Phase.Stepping) return;
        _phase = Phase.Locating;
        _tally.Version = message.Step;
        _search.Begin(message, Current, effects);
    }

    private void OnNonFiniteLocated(NonFiniteLocated message, EffectList effects)
    {
        if (_phase == Phase.Locating && _search.Add(message)) FailWhenLocated(effects);
    }

    private void FailWhenLocated(EffectList effects)
    {
        if (_search.Verdict is { } verdict) Follow(_stop.BecomeEnded(verdict, effects), effects);
    }

    private void OnServerStopped(ServerStopped message, EffectList effects)
    {
        // One that arrives again, late: they have gone on from there.
        if (message.Version <= _from) return;
        _stoppedAt[message.Server] = message.Version;
        if (_phase != Phase.Stepping || _stoppedAt.Values.Any(v => v != message.Version)) return;
        _tally.Version = message.Version;
        effects.Perform(new MeasureStepping(false));
        Follow(_stop.Stop(effects), effects);
    }

    private void BecomeStepping(EffectList effects)
    {
        _phase = Phase.Stepping;
        _from = Version;
        _stoppedAt.Clear();
        foreach (int server in Current.Servers) _stoppedAt[server] = Version;
        effects.Perform(new MeasureStepping(true));
        _tally.SetCourse(atStop: false, effects);
        var proceed = new Proceed(Generation, Version, _plan.NextStop(Version), _tally.Progress.RateFactor);
        SendToServers(proceed with { Course = _tally.CourseToKeep }, effects);
        foreach (int worker in Current.Workers) effects.Send(Address.Worker(worker), proceed);
    }

    private void SendToServers(Message message, EffectList effects)
    {
        foreach (int server in Current.Servers) effects.Send(Address.Server(server), message);
    }
}
