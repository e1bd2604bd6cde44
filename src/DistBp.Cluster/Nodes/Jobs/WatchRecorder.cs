using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Control;
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

    public void OnStarted(RunStarted started)
    {
        Started = started;
        History.Start(MessageOf(started));
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

    public void OnWarning(string text) => _recorder.OnWarning(text);

    public void OnEnded(RunResult result) => _recorder.OnEnded(result);

    public void OnFailed() => _recorder.OnFailed();

    public void Dispose() => _log.Dispose();

    private static RunStart MessageOf(RunStarted s)
    {
        var message = new RunStart
        {
            Job = JobFile.Write(s.Job),
            BaseFolder = s.Job.BaseFolder,
            Folder = Path.GetFullPath(s.Folder),
            Workers = (uint)s.Workers,
            Servers = (uint)s.Servers,
            ComputeThreads = (uint)s.ComputeThreads,
            Parameters = (uint)s.Parameters,
            TrainSamples = (uint)s.TrainSamples,
            ValidationSamples = (uint)s.ValidationSamples,
            TestSamples = (uint)s.TestSamples,
            StepsPerEpoch = (ulong)s.StepsPerEpoch,
            StartStep = (ulong)s.StartStep,
            TotalSteps = (ulong)s.TotalSteps,
        };
        message.SampleShape.AddRange(s.SampleShape.Dimensions.ToArray());
        return message;
    }
}
