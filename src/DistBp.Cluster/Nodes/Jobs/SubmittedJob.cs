using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;

namespace DistBp.Cluster.Nodes.Jobs;

/// <param name="Number">From 1, in the order of submission to this cluster.</param>
/// <param name="Options">Where the run's folder is to be, and whether it goes on with what is there.</param>
internal sealed record SubmittedJob(int Number, JobDescription Job, TrainingOptions Options)
{
    /// <summary>What users call it: "digits-1".</summary>
    public string Id => $"{Job.Name}-{Number}";

    public static SubmittedJob Of(StoredJob stored) => new(
        stored.Number, JobFile.Parse(stored.Job, $"job {stored.Number} of the coordinator's state", [], "job", stored.BaseFolder),
        new TrainingOptions
        {
            RunsFolder = stored.Options.RunsFolder,
            OutFolder = stored.Options.OutFolder.Length > 0 ? stored.Options.OutFolder : null,
            Resume = stored.Options.Resume,
            EventsFile = stored.Options.EventsFile.Length > 0 ? stored.Options.EventsFile : null,
        });

    public StoredJob ToStored() => new()
    {
        Number = Number,
        State = StoredState.Waiting,
        Job = JobFile.Write(Job),
        BaseFolder = Job.BaseFolder,
        Options = new StoredOptions
        {
            RunsFolder = Options.RunsFolder, OutFolder = Options.OutFolder ?? "", Resume = Options.Resume, EventsFile = Options.EventsFile ?? "",
        },
    };
}
