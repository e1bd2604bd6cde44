using System.Diagnostics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// The coordinator's part that does what is to be done at a stop point: has the epoch evaluated, decides on early stopping and the plateau, has the shards captured; and at the
/// run's end brings back the best epoch's parameters, has the final parts evaluated, and ends the run.
/// </summary>
internal sealed class StopPoint(TrainingPlan plan, Muster muster, Tally tally, Inquiry inquiry)
{
    private readonly Captures _captures = new(plan, inquiry);
    private readonly Evaluations _evaluations = new(plan, inquiry);

    /// <summary>Null: members are not at a stop point, or not ready there.</summary>
    public StopPhase? Phase { get; private set; }

    /// <summary>Whether the run ends here, or at the next one.</summary>
    public bool IsEndRequested { get; set; }

    /// <summary>Versions that are no steps: the best epoch's parameters come back as one of their own, and so do exact ones.</summary>
    public int Restored { get; private set; }

    /// <summary>What servers call their version.</summary>
    public long ShardVersion => tally.Version + Restored;

    /// <summary>Whether members have yet to answer: what was asked of one who is gone must be asked again.</summary>
    public bool IsAsking => IsCapturing || Phase is StopPhase.EvaluatingEpoch or StopPhase.RestoringBest or StopPhase.EvaluatingFinal;

    private bool IsCapturing => Phase is StopPhase.CapturingBest or StopPhase.CapturingCheckpoint or StopPhase.CapturingFinal;

    public StopExit Step(Message message, EffectList effects) => message switch
    {
        EvaluationDone m => OnEvaluationDone(m, effects),
        EpochJudged m => OnEpochJudged(m, effects),
        ShardCaptured m => OnShardCaptured(m, effects),
        ResidualsCaptured m => OnResidualsCaptured(m, effects),
        CheckpointWritten => OnCheckpointWritten(effects),
        BestRestored m => OnBestRestored(m, effects),
        _ => throw new UnreachableException($"A stop point received {message}."),
    };

    /// <summary>Another coordinator's run goes on from the course that was resumed.</summary>
    /// <param name="restored">As of <see cref="Restored"/>.</param>
    public void TakeOver(int restored)
    {
        Restored = restored;
        _captures.IsBestElsewhere = tally.RestoresBest;
    }

    /// <summary>All go on from the checkpoint of that version.</summary>
    public void GoBack(long version)
    {
        _captures.Resume(version);
        _evaluations.ForgetFinal();
        Restored = 0;
    }

    /// <summary>Whatever is under way is begun anew when members are ready.</summary>
    public void Leave() => Phase = null;

    /// <summary>All members have taken an assignment up.</summary>
    /// <param name="phase">What is due now; null: all was done here.</param>
    public StopExit Resume(StopPhase? phase, EffectList effects) => phase switch
    {
        null => Continue(effects),
        StopPhase.Stopped => Stop(effects),
        StopPhase.EvaluatingEpoch => BecomeEvaluating(StopPhase.EvaluatingEpoch, DataPart.Validation, effects),
        StopPhase.CapturingBest or StopPhase.CapturingCheckpoint => CaptureIfDue(effects),
        StopPhase.RestoringBest => BecomeRestoringBest(effects),
        // What a server loads anew it shows rounded.
        StopPhase.EvaluatingFinal when plan.RoundsParameters => BecomeRestoringBest(effects),
        StopPhase.EvaluatingFinal => EvaluateFinalParts(effects),
        StopPhase.CapturingFinal => BecomeCapturingFinal(effects),
        _ => throw new UnreachableException($"After an assignment comes no {phase}."),
    };

    /// <summary>Members have made the last step before it.</summary>
    public StopExit Stop(EffectList effects)
    {
        Phase = StopPhase.Stopped;
        tally.Stop(effects);
        if (!plan.StopsAtEpochEnds || tally.Version % plan.StepsPerEpoch != 0) return CaptureIfDue(effects);
        return plan.EvaluationSamples.ContainsKey(DataPart.Validation)
            ? BecomeEvaluating(StopPhase.EvaluatingEpoch, DataPart.Validation, effects)
            : EndEpoch(null, effects);
    }

    public StopExit BecomeEnding(EffectList effects)
    {
        Phase = StopPhase.Ending;
        return _captures.IsWriting ? StopExit.None : BecomeEnded(new FinishRun(tally.Outcome(_evaluations.Final)), effects);
    }

    public StopExit BecomeEnded(Effect verdict, EffectList effects)
    {
        Phase = StopPhase.Ended;
        effects.Perform(verdict);
        return StopExit.None;
    }

    private StopExit BecomeEvaluating(StopPhase phase, DataPart part, EffectList effects)
    {
        Phase = phase;
        if (muster.MissesMember) return StopExit.Assign;
        _evaluations.Begin(part, ShardVersion, muster.Current!, effects);
        return StopExit.None;
    }

    private StopExit OnEvaluationDone(EvaluationDone message, EffectList effects)
    {
        if (Phase is not (StopPhase.EvaluatingEpoch or StopPhase.EvaluatingFinal) || _evaluations.Add(message) is not { } sums) return StopExit.None;
        if (Phase == StopPhase.EvaluatingEpoch) return EndEpoch(sums, effects);
        _evaluations.KeepFinal(sums);
        return EvaluateFinalParts(effects);
    }

    private StopExit EndEpoch(IReadOnlyList<double>? validationSums, EffectList effects)
    {
        _captures.IsBestDue = tally.EndEpoch(validationSums, effects) && plan.EarlyStopping!.RestoreBest;
        if (!plan.JudgesEpochs) return CaptureIfDue(effects);
        Phase = StopPhase.AwaitingVerdict;
        return StopExit.None;
    }

    private StopExit OnEpochJudged(EpochJudged message, EffectList effects)
    {
        if (Phase != StopPhase.AwaitingVerdict) return StopExit.None;
        if (message.Stop) tally.StopEarly();
        return CaptureIfDue(effects);
    }

    private StopExit CaptureIfDue(EffectList effects)
    {
        if (_captures.Due(tally.Version, ends: tally.IsFinished || IsEndRequested) is not { } target) return Continue(effects);
        if (!_captures.IsWriting)
            return BecomeCapturing(target == CaptureTarget.Checkpoint ? StopPhase.CapturingCheckpoint : StopPhase.CapturingBest, target, effects);
        Phase = StopPhase.AwaitingDisk;
        return StopExit.None;
    }

    private StopExit BecomeCapturingFinal(EffectList effects) => BecomeCapturing(StopPhase.CapturingFinal, CaptureTarget.Final, effects);

    private StopExit BecomeCapturing(StopPhase phase, CaptureTarget target, EffectList effects)
    {
        Phase = phase;
        if (muster.MissesMember) return StopExit.Assign;
        _captures.Begin(target, ShardVersion, muster.Current!, effects);
        return StopExit.None;
    }

    private StopExit OnShardCaptured(ShardCaptured message, EffectList effects) =>
        IsCapturing && _captures.Add(message) ? OnCaptured(effects) : StopExit.None;

    private StopExit OnResidualsCaptured(ResidualsCaptured message, EffectList effects) =>
        IsCapturing && _captures.Add(message) ? OnCaptured(effects) : StopExit.None;

    private StopExit OnCaptured(EffectList effects)
    {
        switch (Phase)
        {
            case StopPhase.CapturingBest:
                _captures.ForgetBest();
                return CaptureIfDue(effects);
            case StopPhase.CapturingCheckpoint when _captures.FindDamage(tally.Version) is { } damage:
                return BecomeEnded(damage, effects);
            case StopPhase.CapturingCheckpoint:
                _captures.Write(tally.Version, tally.Progress, effects);
                return Continue(effects);
            default:
                return BecomeEnding(effects);
        }
    }

    private StopExit OnCheckpointWritten(EffectList effects)
    {
        _captures.EndWriting();
        return Phase switch
        {
            StopPhase.AwaitingDisk => CaptureIfDue(effects),
            StopPhase.Ending => BecomeEnding(effects),
            _ => StopExit.None,
        };
    }

    /// <summary>On from the stop point: the next steps, or the end.</summary>
    private StopExit Continue(EffectList effects)
    {
        if (tally.IsFinished) return tally.RestoresBest || plan.RoundsParameters ? BecomeRestoringBest(effects) : EvaluateFinalParts(effects);
        if (IsEndRequested) return _captures.Lacks(tally.Version) ? CaptureIfDue(effects) : BecomeCapturingFinal(effects);
        Phase = null;
        return StopExit.StepOn;
    }

    private StopExit BecomeRestoringBest(EffectList effects)
    {
        Phase = StopPhase.RestoringBest;
        if (muster.MissesMember) return StopExit.Assign;
        bool best = tally.RestoresBest && Restored == 0;
        tally.SetCourse(atStop: false, effects);
        Assignment assignment = muster.Current!;
        Course? course = tally.CourseToKeep;
        Message restore = best
            ? new RestoreBest(assignment.Generation, ShardVersion + 1) { Course = course }
            : new ShowExact(assignment.Generation, ShardVersion + 1) { Course = course };
        inquiry.Begin();
        inquiry.AskServers(assignment, restore, effects);
        return StopExit.None;
    }

    private StopExit OnBestRestored(BestRestored message, EffectList effects)
    {
        if (Phase != StopPhase.RestoringBest || !inquiry.AnswerLast(Address.Server(message.Server))) return StopExit.None;
        Restored++;
        return EvaluateFinalParts(effects);
    }

    private StopExit EvaluateFinalParts(EffectList effects) => _evaluations.NextFinalPart is { } part
        ? BecomeEvaluating(StopPhase.EvaluatingFinal, part, effects)
        : BecomeCapturingFinal(effects);
}
