using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;

namespace DistBp.Akka.Tests;

/// <summary>Tells when a run has come so far.</summary>
internal sealed class EpochProbe(int epoch) : IRunObserver
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task Reached => _reached.Task;

    public void OnStarted(RunStarted started)
    {
    }

    public void OnStep(in StepFigures step)
    {
    }

    public void OnEpoch(EpochFigures figures)
    {
        if (figures.Epoch >= epoch) _reached.TrySetResult();
    }

    public void OnCheckpoint(CheckpointFigures checkpoint)
    {
    }

    public void OnWarning(string text)
    {
    }

    public void OnEnded(RunResult result)
    {
    }
}
