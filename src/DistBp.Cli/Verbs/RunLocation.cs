using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;

namespace DistBp.Cli.Verbs;

/// <summary>Remembers where a run is, for the last word to the user.</summary>
internal sealed class RunLocation : IRunObserver
{
    public string Folder { get; private set; } = "";

    public void OnStarted(RunStarted started) => Folder = started.Folder;

    public void OnStep(in StepFigures step)
    {
    }

    public void OnEpoch(EpochFigures epoch)
    {
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
