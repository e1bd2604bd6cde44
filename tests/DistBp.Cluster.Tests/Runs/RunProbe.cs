using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cluster.Tests.Runs;

/// <summary>Notes what it hears of a run, and can interrupt it.</summary>
internal sealed class RunProbe : IRunObserver, IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _lock = new();

    public List<StepFigures> Steps { get; } = [];

    public List<EpochFigures> Epochs { get; } = [];

    public List<CheckpointFigures> Checkpoints { get; } = [];

    public List<StatisticsSample> Statistics { get; } = [];

    public List<SkippedStep> Skipped { get; } = [];

    public List<MemberFigures> Members { get; } = [];

    public List<string> Warnings { get; } = [];

    public RunStarted? Started { get; private set; }

    public RunResult? Result { get; private set; }

    public CancellationToken Stop => _stop.Token;

    /// <summary>What happens when a step, counted from 1, is committed.</summary>
    public (long Step, Action Do) AtStep { get; init; } = (-1, () => { });

    /// <summary>As <see cref="AtStep"/>, for one more step.</summary>
    public (long Step, Action Do) AtSecondStep { get; init; } = (-1, () => { });

    /// <summary>What happens at a warning.</summary>
    public Action<string> AtWarning { get; init; } = _ => { };

    /// <summary>
    /// The run is interrupted when it hears of this step, or of one after it: servers may have begun the next ones, but not beyond a stop point, and so the piece
    /// before may have ended there already.
    /// </summary>
    public long StopAtStep { get; init; } = -1;

    public bool StopAtCheckpoint { get; init; }

    /// <summary>What happens when a checkpoint is on the disk, with its step; on the thread that wrote it.</summary>
    public Action<long> AtCheckpoint { get; init; } = _ => { };

    public void OnStarted(RunStarted started) => Started = started;

    public void OnStep(in StepFigures step)
    {
        lock (_lock) Steps.Add(step);
        if (step.Step == AtStep.Step) AtStep.Do();
        if (step.Step == AtSecondStep.Step) AtSecondStep.Do();
        if (StopAtStep >= 0 && step.Step >= StopAtStep) _stop.Cancel();
    }

    public void OnEpoch(EpochFigures epoch)
    {
        lock (_lock) Epochs.Add(epoch);
    }

    public void OnStatistics(StatisticsSample statistics)
    {
        lock (_lock) Statistics.Add(statistics);
    }

    public void OnSkipped(SkippedStep skipped)
    {
        lock (_lock) Skipped.Add(skipped);
    }

    public void OnCheckpoint(CheckpointFigures checkpoint)
    {
        lock (_lock) Checkpoints.Add(checkpoint);
        AtCheckpoint(checkpoint.Step);
        if (StopAtCheckpoint) _stop.Cancel();
    }

    public void OnMember(MemberFigures member)
    {
        lock (_lock) Members.Add(member);
    }

    public void OnWarning(string text)
    {
        lock (_lock) Warnings.Add(text);
        AtWarning(text);
    }

    public void OnEnded(RunResult result) => Result = result;

    public void Cancel() => _stop.Cancel();

    public void Dispose() => _stop.Dispose();
}
