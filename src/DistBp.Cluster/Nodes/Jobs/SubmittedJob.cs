using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;

namespace DistBp.Cluster.Nodes.Jobs;

/// <param name="Number">From 1, in the order of submission to this coordinator.</param>
/// <param name="Options">Where the run's folder is to be, and whether it goes on with what is there.</param>
internal sealed record SubmittedJob(int Number, JobDescription Job, TrainingOptions Options)
{
    /// <summary>What users call it: "digits-1".</summary>
    public string Id => $"{Job.Name}-{Number}";
}
