using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cluster.Runs.Audits;

/// <summary>Proves from a run's ledger that each training sample was applied exactly once an epoch, or says which were not.</summary>
public static class RunAudit
{
    /// <param name="folder">The run's; it may be under way.</param>
    /// <exception cref="UserException">There is no run, or it has no ledger.</exception>
    public static AuditReport Of(string folder)
    {
        var paths = new RunPaths(folder);
        if (!File.Exists(paths.Job))
        {
            throw new UserException(
                ErrorKind.Usage, Directory.Exists(folder) ? "the folder is not a run's: it has no job.yaml" : "there is no such folder", folder,
                "name the folder of a run: the --out of distbp train, or the one that it printed");
        }
        JobDescription job = JobFile.Read(paths.Job, []);
        if (!File.Exists(paths.Ledger))
        {
            throw new UserException(
                ErrorKind.Data, "the run has no ledger: nothing can be proven of its samples", paths.Ledger,
                "a version without ledgers has trained it, or the file was taken away; runs of this version have one");
        }
        // Looked for before the ledger is read: a run that is under way writes the ledger first.
        long leastStep = NewestCheckpoint(paths);
        return new LedgerAudit(paths.Ledger, JobFile.Hash(job), (samples, seed) => Order(job, samples, seed)).Run(leastStep);
    }

    /// <summary>The order of shards follows from their sizes too, which their manifest knows.</summary>
    private static ISampleOrder Order(JobDescription job, int samples, int seed)
    {
        if (job.Data.Train is not ShardFolder shards) return new EpochOrder(samples, seed);
        string folder = Path.Combine(job.BaseFolder, shards.Path);
        ShardManifest manifest = ShardManifest.Load(folder);
        if (manifest.Samples == samples) return manifest.Order(job.Data.ShuffleWindow, seed);
        throw new UserException(
            ErrorKind.Data, $"the shards have {manifest.Samples} samples, and the run was trained on {samples}", Path.Combine(folder, ShardManifest.FileName),
            "bring the manifest back as it was");
    }

    /// <summary>The step of the newest intact checkpoint; 0 where there is none.</summary>
    private static long NewestCheckpoint(RunPaths paths)
    {
        foreach (string folder in CheckpointStore.OpenForReading(paths.Checkpoints).NewestFirst())
        {
            if (Checkpoint.Verify(folder).Checkpoint is { } intact) return intact.Position.Step;
        }
        return 0;
    }
}
