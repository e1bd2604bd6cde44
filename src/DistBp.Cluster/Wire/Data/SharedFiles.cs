using System.Collections.Concurrent;

namespace DistBp.Cluster.Wire.Data;

/// <summary>The files that this node gives to others, by job and name: nothing else can be asked for.</summary>
internal sealed class SharedFiles
{
    private readonly ConcurrentDictionary<long, IReadOnlyDictionary<string, SharedFile>> _jobs = [];

    /// <summary>From now on members of the job may read these files.</summary>
    public void Share(long job, IReadOnlyList<SharedFile> files) => _jobs[job] = files.ToDictionary(f => f.Name, StringComparer.Ordinal);

    public void Withdraw(long job) => _jobs.TryRemove(job, out _);

    /// <returns>Null: the job is not known here.</returns>
    public IReadOnlyCollection<SharedFile>? OfJob(long job) => _jobs.TryGetValue(job, out IReadOnlyDictionary<string, SharedFile>? files) ? [.. files.Values] : null;

    /// <returns>Null: the job is not known here, or has no such file.</returns>
    public SharedFile? Find(long job, string name) =>
        _jobs.TryGetValue(job, out IReadOnlyDictionary<string, SharedFile>? files) ? files.GetValueOrDefault(name) : null;
}
