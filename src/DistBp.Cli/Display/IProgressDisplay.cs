using DistBp.Cluster.Runs;

namespace DistBp.Cli.Display;

/// <summary>Shows a run's progress on standard error. Disposed when the run is over, however it ended.</summary>
internal interface IProgressDisplay : IRunObserver, IDisposable
{
    /// <summary>Shows a line beside the progress, from any thread.</summary>
    void Tell(string line);

    /// <summary>Leaves the terminal in order: the process ends at once.</summary>
    void Abandon();
}
