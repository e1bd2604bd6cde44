using DistBp.Learning.Data;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>The files and folders that a job names.</summary>
internal static class JobPaths
{
    public static JobDescription Change(JobDescription job, Func<string, string> change) => job with
    {
        Data = job.Data with
        {
            Train = Change(job.Data.Train, change),
            Test = Change(job.Data.Test, change),
            Validation = Change(job.Data.Validation, change),
        },
        Checkpoint = job.Checkpoint.Mirror is { } mirror ? job.Checkpoint with { Mirror = change(mirror) } : job.Checkpoint,
        InitialWeights = job.InitialWeights is null ? null : change(job.InitialWeights),
    };

    private static DataSource? Change(DataSource? source, Func<string, string> change) => source switch
    {
        TensorFiles files => new TensorFiles(
            change(files.X), files.Y is null ? null : change(files.Y), files.Lengths is null ? null : change(files.Lengths)),
        CsvFile file => file with { Path = change(file.Path) },
        WavFolder folder => folder with { Folder = change(folder.Folder) },
        ShardFolder folder => folder with { Path = change(folder.Path) },
        TextFile text => text with { Path = change(text.Path) },
        _ => source,
    };
}
