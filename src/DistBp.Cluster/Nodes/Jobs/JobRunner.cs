using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>Runs one job of the queue on the members, and leaves a run's folder on the coordinator's node.</summary>
/// <param name="record">What an earlier coordinator has left of the run, and where this one leaves it.</param>
/// <param name="stop">Finishes the step, saves, and ends the run as interrupted.</param>
/// <exception cref="Rendezvous.ReignEndedException">The run is left as it is.</exception>
/// <exception cref="UserException">The job, its data or the cluster are at fault.</exception>
internal delegate Task<RunResult> JobRunner(
    SubmittedJob job, JobRecord record, IClusterMembers members, IReadOnlyList<IRunObserver> observers, CancellationToken stop);
