using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>Runs a job with all its actors in the coordinator's process, whoever else is a member.</summary>
internal static class SingleNodeRun
{
    public static Task<RunResult> RunAsync(
        SubmittedJob job, IClusterMembers members, IReadOnlyList<IRunObserver> observers, CancellationToken stop) =>
        TrainingSession.RunAsync(job.Job, job.Options, observers, stop);
}
