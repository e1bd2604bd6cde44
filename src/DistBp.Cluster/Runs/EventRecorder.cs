using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cluster.Runs;

/// <summary>Writes what happens in a run to its event log. Of steps it writes some: at most one in <see cref="LeastStepInterval"/>.</summary>
internal sealed class EventRecorder(EventLog log, TimeProvider time) : IRunObserver
{
    public static readonly TimeSpan LeastStepInterval = TimeSpan.FromMilliseconds(100);

    // Steps, epochs and checkpoints are told by different threads.
    private readonly Lock _lock = new();
    private long _lastStepAt;
    private int _samplesSince;
    private long _lastStep;

    public void OnStarted(RunStarted started)
    {
        _lastStepAt = time.GetTimestamp();
    }

    public void OnStep(in StepFigures step)
    {
        lock (_lock)
        {
            _samplesSince += step.Samples;
            _lastStep = step.Step;
            TimeSpan elapsed = time.GetElapsedTime(_lastStepAt);
            if (elapsed < LeastStepInterval) return;
            log.Step(new StepEvent(step.Step, step.Epoch, step.Loss, step.Rate, step.GradientNorm, _samplesSince / elapsed.TotalSeconds));
            _lastStepAt = time.GetTimestamp();
            _samplesSince = 0;
        }
    }

    public void OnEpoch(EpochFigures epoch)
    {
        lock (_lock)
        {
            log.Epoch(new EpochEvent(
                epoch.Epoch, epoch.Step, epoch.Train.Loss, epoch.Train.Accuracy, epoch.Validation?.Loss, epoch.Validation?.Accuracy, epoch.Rate,
                epoch.GradientNorm, epoch.SamplesPerSecond, epoch.Time.TotalSeconds)
            {
                Note = epoch.Note,
                Staleness = epoch.Staleness is { } s ? (s.Maximum, s.Mean) : null,
            });
        }
    }

    public void OnCheckpoint(CheckpointFigures checkpoint)
    {
        lock (_lock) log.CheckpointSaved(checkpoint.Step, checkpoint.Folder, checkpoint.Time.TotalSeconds);
    }

    public void OnStatistics(StatisticsSample statistics)
    {
        lock (_lock) StatisticsEvent.Write(log, statistics);
    }

    public void OnSkipped(SkippedStep skipped)
    {
        lock (_lock) log.Skipped(skipped.Step, skipped.Epoch, skipped.ToString(), skipped.Skipped);
    }

    public void OnMember(MemberFigures member)
    {
        lock (_lock) log.Member(member.Node, member.Change, member.Reason, member.Nodes, member.Workers, member.Servers);
    }

    public void OnCopies(CopyFigures copies)
    {
        lock (_lock) log.Copies(copies.Filling);
    }

    public void OnWarning(string text)
    {
        lock (_lock) log.Warning(text);
    }

    public void OnEnded(RunResult result)
    {
        lock (_lock) log.End(RunStatusName.Of(result.Status), result.Steps, result.WeightsSha256);
    }

    /// <summary>The run ends with an error, which its caller tells of.</summary>
    public void OnFailed()
    {
        try
        {
            lock (_lock) log.End("failed", _lastStep, null);
        }
        catch (UserException)
        {
            // A log that cannot be written must not stand before the error that it was to record.
        }
    }
}
