using System.Security.Cryptography;
using System.Text;
using DistBp.Cluster.Configuration.Yaml;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning.Schedules;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>
/// What makes a job the same job, so that a run may go on from its checkpoints. Left out, because they change neither the bits of a step
/// nor their meaning: the name, the checkpoints, the statistics, copies of shards, what a step does that is not finite, the folders of files (their names count), how long to train (the epochs, but for the
/// cosine schedule, whose rates follow from them; patience, minDelta and restoreBest of early stopping, but not its metric).
/// </summary>
internal static class JobHash
{
    private const string Version = "distbp job 1\n";

    public static string Compute(JobDescription job)
    {
        JobDescription essence = JobPaths.Change(job, FileName) with
        {
            Name = "any",
            Epochs = job.Schedule is CosineSchedule ? job.Epochs : 1,
            EarlyStopping = job.EarlyStopping is { } stopping ? new EarlyStoppingDescription(stopping.Metric, 1, 0, true) : null,
            Checkpoint = new CheckpointDescription(1, 1),
            NonFinite = null,
            Statistics = null,
            Replication = 0,
            BaseFolder = "",
        };
        string text = YamlWriter.Write((MapNode)JobForm.Create("", "").Write(essence));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Version + text)));
    }

    /// <summary>Of a path of any system.</summary>
    private static string FileName(string path) => path.TrimEnd('/', '\\') is var trimmed ? trimmed[(trimmed.LastIndexOfAny(['/', '\\']) + 1)..] : path;
}
