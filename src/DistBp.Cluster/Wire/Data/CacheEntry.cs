namespace DistBp.Cluster.Wire.Data;

/// <summary>One content in a <see cref="DataCache"/>; its numbers are guarded by the cache's lock.</summary>
internal sealed class CacheEntry(string sha256)
{
    public string Sha256 => sha256;

    /// <summary>Of the whole content, or of what there is of it where it came with an earlier process.</summary>
    public long Bytes { get; set; }

    /// <summary>Those who use it now.</summary>
    public int Leases { get; set; }

    /// <summary>Greater is later.</summary>
    public long LastUse { get; set; }

    /// <summary>Held by the one who fetches or checks it.</summary>
    public SemaphoreSlim Gate { get; } = new(1, 1);
}

/// <summary>A file of the cache that stays until this is disposed of.</summary>
internal sealed class CachedFile(string path, Action release) : IDisposable
{
    private Action? _release = release;

    public string Path => path;

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
