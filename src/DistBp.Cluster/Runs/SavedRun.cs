using System.Globalization;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Runs;

/// <summary>A trained network with all that is needed to use it: the job, the preprocessing, the parameters.</summary>
public sealed class SavedRun
{
    private SavedRun(JobDescription job, DataSchema schema, string folder, string source)
    {
        (Job, Schema, Folder, Source) = (job, schema, folder, source);
        Network = JobNetwork.Build(job, schema);
        Parameters = new TensorBuffer(Network.Parameters.Count);
    }

    public JobDescription Job { get; }

    public DataSchema Schema { get; }

    public Network Network { get; }

    /// <summary>[Network.Parameters.Count], the flat buffer.</summary>
    public TensorBuffer Parameters { get; }

    /// <summary>The run's folder, or the folder of the parameter file.</summary>
    public string Folder { get; }

    /// <summary>The file or the checkpoint that the parameters are from.</summary>
    public string Source { get; }

    /// <summary>What the user should know about <see cref="Source"/>: damaged checkpoints that were passed over.</summary>
    public IReadOnlyList<string> Warnings { get; private init; } = [];

    /// <summary>Opens a run's folder: its final parameters, or those of the newest intact checkpoint where it has not ended.</summary>
    /// <exception cref="UserException">There is no run, it has no parameters yet, or all its checkpoints are damaged.</exception>
    public static SavedRun Open(string folder)
    {
        var paths = new RunPaths(folder);
        if (!Directory.Exists(folder)) throw NoRun("there is no such folder", folder);
        if (!File.Exists(paths.Job)) throw NoRun("the folder is not a run's: it has no job.yaml", folder);
        if (!File.Exists(paths.Preprocessing)) throw NoRun("the run has not started training: it has no preprocessing.json", folder);
        JobDescription job = JobFile.Read(paths.Job, []);
        DataSchema schema = DataSchema.Load(paths.Preprocessing);
        if (!HasEnded(paths)) return OpenCheckpoint(job, schema, paths);
        var run = new SavedRun(job, schema, folder, paths.Parameters);
        run.Load(paths.Parameters);
        return run;
    }

    /// <summary>
    /// A parameter file with the job that it belongs to. The job's training data is read again, since the preprocessing is fitted on it.
    /// </summary>
    /// <exception cref="UserException">The file is damaged or of another model, or the job or its data is bad.</exception>
    public static SavedRun OpenParameters(string file, JobDescription job)
    {
        DataSchema schema = DataLoader.Load(job.Data, job.Target, job.Seed, job.BaseFolder).Schema;
        var run = new SavedRun(job, schema, Path.GetDirectoryName(Path.GetFullPath(file))!, file);
        run.Load(file);
        return run;
    }

    /// <summary>Whether the job has such data.</summary>
    public bool Has(DataPart part) => part == DataPart.Train || SourceOf(part) is not null;

    /// <summary>Reads a part of the job's data, preprocessed as in training.</summary>
    /// <exception cref="UserException">The job has no such part, or its files are bad.</exception>
    public Dataset ReadPart(DataPart part)
    {
        if (!Has(part))
        {
            string name = part.ToString().ToLowerInvariant();
            string[] others = [.. Enum.GetValues<DataPart>().Where(Has).Select(p => p.ToString().ToLowerInvariant())];
            throw new UserException(ErrorKind.Usage, $"the job has no {name} data", Job.Name,
                $"choose --data {string.Join(" or ", others)}");
        }
        // What the seed split off the training data is found by splitting again.
        if (SourceOf(part) is { } files and not Fraction) return Schema.ReadLabelled(files, Job.BaseFolder);
        TrainingData data = DataLoader.Load(Job.Data, Job.Target, Job.Seed, Job.BaseFolder);
        if (!data.Schema.Write().AsSpan().SequenceEqual(Schema.Write()))
        {
            throw new UserException(
                ErrorKind.Data, $"the training data are not what they were when the run was trained: its {part.ToString().ToLowerInvariant()} part cannot be found again",
                $"data.train of {Job.Name}", "bring the old file back, or evaluate on a file of its own: name one in data.test before training");
        }
        return part switch
        {
            DataPart.Train => data.Train,
            DataPart.Validation => data.Validation!,
            _ => data.Test!,
        };
    }

    /// <summary>The second place of a run's checkpoints; null where it has none, or no job.</summary>
    internal static string? MirrorOf(RunPaths paths)
    {
        if (!File.Exists(paths.Job)) return null;
        JobDescription job = JobFile.Read(paths.Job, []);
        return CheckpointPlaces.MirrorOf(paths.Folder, job.Checkpoint.Mirror, job.BaseFolder);
    }

    private DataSource? SourceOf(DataPart part) => part switch
    {
        DataPart.Validation => Job.Data.Validation,
        DataPart.Test => Job.Data.Test,
        _ => null,
    };

    /// <summary>A run that was interrupted, resumed and killed has parameters of the interruption, and checkpoints that are newer.</summary>
    private static bool HasEnded(RunPaths paths)
    {
        if (!File.Exists(paths.Parameters)) return false;
        string? newest = CheckpointStore.OpenForReading(paths.Checkpoints).NewestFirst().Select(Path.GetFileName).FirstOrDefault();
        if (newest is null || !File.Exists(paths.Result)) return true;
        return string.CompareOrdinal(newest, string.Create(CultureInfo.InvariantCulture, $"step-{RunResult.Load(paths.Result).Steps:D9}")) <= 0;
    }

    private static SavedRun OpenCheckpoint(JobDescription job, DataSchema schema, RunPaths paths)
    {
        CheckpointSearch search = CheckpointPlaces.FindNewestIntact(paths.Checkpoints, MirrorOf(paths));
        Checkpoint checkpoint = search.Checkpoint ?? throw NoRun("the run has neither parameters nor a checkpoint yet", paths.Folder);
        var run = new SavedRun(job, schema, paths.Folder, checkpoint.Folder)
        {
            Warnings = [.. search.Damaged.Select(d => $"{d.Folder} is damaged ({d.Why}); using {checkpoint.Folder} instead")],
        };
        checkpoint.LoadParameters(run.Network.Parameters, run.Parameters.Span);
        return run;
    }

    private void Load(string file) => ParameterFile.Load(file, Network.Parameters, Parameters.Span);

    private static UserException NoRun(string what, string folder) =>
        new(ErrorKind.Usage, what, folder, "name the folder of a run: the --out of distbp train, or the one that it printed");
}
