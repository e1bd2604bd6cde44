using DistBp.Cluster.Configuration;
using DistBp.Learning.Data.Shards;

namespace DistBp.Cluster.Wire.Data;

/// <summary>A job whose data can be read on this node. What was fetched for it stays in the cache until this is disposed of.</summary>
/// <param name="job">With the paths of this node; file names, and so the job's hash, are as they were.</param>
/// <param name="locate">For DataLoader.Load and DataSchema.ReadLabelled: fetches a shard when it is touched. Null: all shards are at their paths.</param>
internal sealed class ResolvedJob(JobDescription job, ShardLocator? locate, LeasedFiles files) : IDisposable
{
    public JobDescription Job => job;

    public ShardLocator? Locate => locate;

    public void Dispose() => files.Dispose();
}
