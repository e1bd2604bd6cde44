using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>Writes what happens in a run to its history, as events.jsonl has it, and remembers how far it is.</summary>
internal sealed class WatchRecorder : IRunObserver, IDisposable
{
    private readonly EventLog _log;
    private readonly EventRecorder _recorder;
    private readonly Lock _gate = new();
    private StepFigures _step;

    public WatchRecorder(EventHistory history, TimeProvider time)
    {
        History = history;
        _log = new EventLog(new LineStream(history.Add), "the watchers", time, immediate: true);
        _recorder = new EventRecorder(_log, time);
    }

    public EventHistory History { get; }

    /// <summary>Null before the run has begun.</summary>
    public RunStarted? Started { get; private set; }

    /// <summary>The newest; all zero before the first.</summary>
    public StepFigures Step
    {
        get
        {
            lock (_gate) return _step;
        }
    }

    /// <summary>What an earlier coordinator knew of the run.</summary>
    /// <param name="step">How far it was.</param>
    public void Recall(RunStarted started, in StepFigures step)
    {
        Started = started;
        History.Start(RunStartMessage.Of(started));
        lock (_gate) _step = step;
    }

    public void OnStarted(RunStarted started)
    {
        Started = started;
        History.Start(RunStartMessage.Of(started));
        _recorder.OnStarted(started);
    }

    public void OnStep(in StepFigures step)
    {
        lock (_gate) _step = step;
        _recorder.OnStep(step);
    }

    public void OnEpoch(EpochFigures epoch) => _recorder.OnEpoch(epoch);

    public void OnStatistics(StatisticsSample statistics) => _recorder.OnStatistics(statistics);

    public void OnSkipped(SkippedStep skipped) => _recorder.OnSkipped(skipped);

    public void OnCheckpoint(CheckpointFigures checkpoint) => _recorder.OnCheckpoint(checkpoint);

    public void OnMember(MemberFigures member) => _recorder.OnMember(member);

    public void OnCopies(CopyFigures copies) => _recorder.OnCopies(copies);

    public void OnWarning(string text) => _recorder.OnWarning(text);

    public void OnEnded(RunResult result) => _recorder.OnEnded(result);

    public void OnFailed() => _recorder.OnFailed();

    public void Dispose() => _log.Dispose();
}
