using System.Diagnostics;
using DistBp.Learning.Encodings;
using DistBp.Learning.Metrics;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// Gathers the members, says who does what, and lets them step by themselves from one stop point (an epoch's end, a checkpoint) to the
/// next. At a stop point it has the epoch evaluated, decides on early stopping and the plateau, has the shards captured, and goes on.
/// </summary>
public sealed class Coordinator(TrainingPlan plan, int term = 1)
{
    private readonly Dictionary<DataPart, IReadOnlyList<double>> _finalSums = [];
    private readonly double[] _epochSums = [.. plan.StartProgress.EpochSums];
    private readonly EvaluationSums _evaluation = new();
    private readonly SampledFigures _sampled = new();
    private readonly List<NonFiniteSlice> _located = [];
    private readonly List<SubtreeResidual> _residuals = [];
    private Phase _phase = Phase.Gathering;
    private Assignment? _assignment;
    private TrainingProgress _progress = plan.StartProgress;
    private long _version = plan.StartVersion;
    private long _capturedVersion = -1;
    private long _clippedSteps = plan.StartProgress.ClippedSteps;
    private long _skippedSteps = plan.StartProgress.SkippedSteps;
    private long[] _stoppedAt = [];
    private int _awaited;
    private int _badSegment;
    private bool _writing;
    private bool _bestDue;
    private bool _stopRequested;

    private enum Phase
    {
        /// <summary>Members are not there yet.</summary>
        Gathering,

        /// <summary>Members load their shards and prepare their slices.</summary>
        Assigning,
        Stepping,
        EvaluatingEpoch,

        /// <summary>The host says whether the run goes on after the epoch.</summary>
        AwaitingVerdict,
        CapturingBest,
        CapturingCheckpoint,

        /// <summary>A copy is due and the checkpoint before, which holds the copies, is still being written.</summary>
        AwaitingDisk,

        /// <summary>The final parameters are brought to the workers: those of the best epoch, or the exact ones instead of rounded ones.</summary>
        Restoring,
        EvaluatingFinal,

        /// <summary>A step was rejected: workers look for the samples to blame.</summary>
        Locating,

        /// <summary>All is done but the last checkpoint's writing.</summary>
        Ending,
        Ended,
    }

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() => $"coordinator: {_phase.ToString().ToLowerInvariant()}, version {_version}, waits for {_awaited}";

    private bool Finished => _progress.StoppedEarly || _version >= plan.TotalSteps;

    public void Step(Message message, EffectList effects)
    {
        if (message is MemberMessage { Generation: var generation } && (_assignment is null || generation != _assignment.Generation)) return;
        switch (message)
        {
            case MembersGathered m: OnMembersGathered(m, effects); break;
            case StopRequested: OnStopRequested(effects); break;
            case ServerReady: OnReady(effects); break;
            case WorkerReady: OnReady(effects); break;
            case StepCommitted m: OnStepCommitted(m, effects); break;
            case ShardMeasured m: OnShardMeasured(m, effects); break;
            case StepSkipped m: OnStepSkipped(m, effects); break;
            case StepRejected m: OnStepRejected(m, effects); break;
            case NonFiniteLocated m: OnNonFiniteLocated(m, effects); break;
            case ServerStopped m: OnServerStopped(m, effects); break;
            case EvaluationDone m: OnEvaluationDone(m, effects); break;
            case EpochJudged m: OnEpochJudged(m, effects); break;
            case ShardCaptured: OnCaptured(effects); break;
            case ResidualsCaptured m: OnResidualsCaptured(m, effects); break;
            case CheckpointWritten: OnCheckpointWritten(effects); break;
            case BestRestored: OnBestRestored(effects); break;
            default: throw new UnreachableException($"The coordinator received {message}.");
        }
    }

    private void OnMembersGathered(MembersGathered message, EffectList effects)
    {
        _assignment = new Assignment(new Generation(term, 1), message.Workers, message.Servers, plan.Slices, plan.UpdatedCount);
        _stoppedAt = new long[message.Servers];
        _phase = Phase.Assigning;
        _awaited = message.Workers + message.Servers;
        SendToAll(new Assign(_assignment, _version, plan.MaxSkips), effects);
    }

    private void OnReady(EffectList effects)
    {
        if (--_awaited == 0) Continue(effects);
    }

    private void OnStopRequested(EffectList effects)
    {
        if (_stopRequested) return;
        _stopRequested = true;
        if (_phase == Phase.Stepping) SendToServers(new RequestHalt(_assignment!.Generation), effects);
    }

    private void OnStepCommitted(StepCommitted message, EffectList effects)
    {
        ReadOnlySpan<double> sums = message.Sums.Span;
        for (int i = 0; i < _epochSums.Length; i++) _epochSums[i] += sums[i];
        if (message.Clipped) _clippedSteps++;
        effects.Perform(new ReportStep(message.Step, message.Sums, message.GradientNorm, _progress.RateFactor, message.Clipped));
    }

    private void OnShardMeasured(ShardMeasured message, EffectList effects)
    {
        if (_sampled.Add(message, _assignment!) is { } figures) effects.Perform(new ReportStatistics(message.Step, figures));
    }

    private void OnStepSkipped(StepSkipped message, EffectList effects) =>
        effects.Perform(new ReportSkip(message.Step, message.Segment, ++_skippedSteps));

    private void OnStepRejected(StepRejected message, EffectList effects)
    {
        if (_phase != Phase.Stepping) return;
        _phase = Phase.Locating;
        _badSegment = message.Segment;
        _awaited = _assignment!.Workers;
        var locate = new LocateNonFinite(_assignment.Generation, message.Step);
        for (int worker = 0; worker < _assignment.Workers; worker++) effects.Send(Address.Worker(worker), locate);
    }

    private void OnNonFiniteLocated(NonFiniteLocated message, EffectList effects)
    {
        _located.AddRange(message.Slices);
        if (_phase != Phase.Locating || --_awaited > 0) return;
        _phase = Phase.Ended;
        effects.Perform(new FailDiverged(message.Step, _badSegment, [.. _located.OrderBy(s => s.Slice)]));
    }

    private void OnServerStopped(ServerStopped message, EffectList effects)
    {
        _stoppedAt[message.Server] = message.Version;
        if (_phase != Phase.Stepping || Array.Exists(_stoppedAt, v => v != message.Version)) return;
        _version = message.Version;
        effects.Perform(new MeasureStepping(false));
        BecomeStopped(effects);
    }

    private void BecomeStopped(EffectList effects)
    {
        _progress = _progress with { EpochSums = [.. _epochSums], ClippedSteps = _clippedSteps, SkippedSteps = _skippedSteps };
        if (_version % plan.StepsPerEpoch != 0)
            CaptureIfDue(effects);
        else if (plan.EvaluationSamples.ContainsKey(DataPart.Validation))
            BecomeEvaluating(Phase.EvaluatingEpoch, DataPart.Validation, effects);
        else
            EndEpoch(null, effects);
    }

    private void EndEpoch(IReadOnlyList<double>? validationSums, EffectList effects)
    {
        (_progress, bool improved, string note) =
            EpochPolicy.Decide(plan, _progress with { TrainSums = [.. _epochSums], ValidationSums = validationSums });
        Array.Clear(_epochSums);
        effects.Perform(new ReportEpoch(_progress.EpochsCompleted, _progress.TrainSums!, validationSums, note));
        _bestDue = improved && plan.EarlyStopping!.RestoreBest;
        if (plan.JudgesEpochs) _phase = Phase.AwaitingVerdict;
        else CaptureIfDue(effects);
    }

    private void OnEpochJudged(EpochJudged message, EffectList effects)
    {
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
        else
            BecomeCapturing(Phase.CapturingCheckpoint, CaptureTarget.Checkpoint, effects);
    }

    private void BecomeCapturing(Phase phase, CaptureTarget target, EffectList effects)
    {
        _phase = phase;
        _awaited = _assignment!.Servers;
        SendToServers(new CaptureShard(_assignment.Generation, target, _version), effects);
        if (target != CaptureTarget.Checkpoint || !plan.KeepsResiduals) return;
        _awaited += _assignment.Workers;
        var capture = new CaptureResiduals(_assignment.Generation, _version);
        for (int worker = 0; worker < _assignment.Workers; worker++) effects.Send(Address.Worker(worker), capture);
    }

    private void OnResidualsCaptured(ResidualsCaptured message, EffectList effects)
    {
        _residuals.AddRange(message.Residuals);
        OnCaptured(effects);
    }

    private void OnCaptured(EffectList effects)
    {
        if (--_awaited > 0) return;
        if (_phase == Phase.CapturingBest)
        {
            _bestDue = false;
            CaptureIfDue(effects);
            return;
        }
        _capturedVersion = _version;
        _writing = true;
        effects.Perform(new WriteCheckpoint(_version, _progress, [.. _residuals.OrderBy(r => r.Subtree.First)]));
        _residuals.Clear();
        Continue(effects);
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
        if (Finished && plan.EarlyStopping is { RestoreBest: true } && _progress.BestEpoch > 0)
            BecomeRestoring(new RestoreBest(_assignment!.Generation), effects);
        else if (plan.RoundsParameters && (Finished || _stopRequested))
            BecomeRestoring(new ShowExact(_assignment!.Generation), effects);
        else if (Finished)
            EvaluateFinalParts(effects);
        else if (_stopRequested)
            BecomeEnding(effects);
        else
            BecomeStepping(effects);
    }

    private void BecomeStepping(EffectList effects)
    {
        _phase = Phase.Stepping;
        _capturedVersion = -1;
        Array.Fill(_stoppedAt, _version);
        effects.Perform(new MeasureStepping(true));
        SendToAll(new Proceed(_assignment!.Generation, _version, plan.NextStop(_version), _progress.RateFactor), effects);
    }

    private void BecomeRestoring(Message message, EffectList effects)
    {
        _phase = Phase.Restoring;
        _awaited = _assignment!.Servers;
        SendToServers(message, effects);
    }

    private void OnBestRestored(EffectList effects)
    {
        if (--_awaited > 0) return;
        if (Finished) EvaluateFinalParts(effects);
        else BecomeEnding(effects);
    }

    private void EvaluateFinalParts(EffectList effects)
    {
        foreach (DataPart part in plan.FinalParts)
        {
            if (_finalSums.ContainsKey(part)) continue;
            BecomeEvaluating(Phase.EvaluatingFinal, part, effects);
            return;
        }
        BecomeEnding(effects);
    }

    private void BecomeEvaluating(Phase phase, DataPart part, EffectList effects)
    {
        _phase = phase;
        _awaited = _assignment!.Workers;
        int leaves = EvaluationTree.LeafCount(plan.EvaluationSamples[part]);
        _evaluation.Reset(leaves);
        var evaluate = new Evaluate(_assignment.Generation, part, leaves);
        for (int worker = 0; worker < _assignment.Workers; worker++) effects.Send(Address.Worker(worker), evaluate);
    }

    private void OnEvaluationDone(EvaluationDone message, EffectList effects)
    {
        _evaluation.Add(message.Sums);
        if (--_awaited > 0) return;
        IReadOnlyList<double> sums = _evaluation.Total();
        if (_phase == Phase.EvaluatingEpoch)
        {
            EndEpoch(sums, effects);
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
        bool best = Finished && plan.EarlyStopping is { RestoreBest: true } && _progress.BestEpoch > 0;
        effects.Perform(new FinishRun(new RunOutcome(
            status, _version, _progress.EpochsCompleted, _progress.BestEpoch, best ? _progress.BestTrainSums : _progress.TrainSums,
            best ? _progress.BestValidationSums : _progress.ValidationSums, _finalSums)
        {
            ClippedSteps = _clippedSteps,
            SkippedSteps = _skippedSteps,
        }));
    }

    private void SendToAll(Message message, EffectList effects)
    {
        SendToServers(message, effects);
        for (int worker = 0; worker < _assignment!.Workers; worker++) effects.Send(Address.Worker(worker), message);
    }

    private void SendToServers(Message message, EffectList effects)
    {
        for (int server = 0; server < _assignment!.Servers; server++) effects.Send(Address.Server(server), message);
    }
}
