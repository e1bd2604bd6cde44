using System.Globalization;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Wire.Data;

/// <summary>
/// Files that this node fetched from others, on disk by their SHA-256, at most so many bytes: what was used longest ago goes first, and
/// nothing that is in use. A file has its name only when it is complete and its hash was right; one that was broken off goes on where it ended.
/// One process at a time. For several threads at once.
/// </summary>
internal sealed class DataCache : IDisposable
{
    private const int HashLength = 64;
    private readonly string _folder;
    private readonly long _limitBytes;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CacheEntry> _entries = new(StringComparer.Ordinal);
    private FileStream? _owner;
    private long _clock;

    /// <param name="folder">Of this node's state. Nothing is made or looked at there before the first file is asked for.</param>
    /// <param name="limitBytes">Of all files together.</param>
    public DataCache(string folder, long limitBytes) => (_folder, _limitBytes) = (Path.GetFullPath(folder), limitBytes);

    /// <summary>Where files in use get the names that their jobs give them.</summary>
    public string LinksFolder => Path.Combine(_folder, "jobs");

    /// <summary>In bytes, of files that are here or on their way.</summary>
    public long UsedBytes
    {
        get
        {
            lock (_lock) return _entries.Values.Sum(e => e.Bytes);
        }
    }

    /// <summary>The file, fetched where it is not here yet: from the first peer that gives it whole.</summary>
    /// <exception cref="UserException">No peer gave it, there is no room for it, or another process uses the folder.</exception>
    public async Task<CachedFile> GetAsync(NamedFile file, IReadOnlyList<DataPeer> peers, CancellationToken cancellation)
    {
        CacheEntry entry = Lease(file);
        try
        {
            await entry.Gate.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                // Off the caller's thread: hashing takes a while.
                if (!await Task.Run(() => IsHere(entry), cancellation).ConfigureAwait(false)) await PeerFetch.RunAsync(file, PathOf(entry), peers, cancellation).ConfigureAwait(false);
            }
            finally
            {
                entry.Gate.Release();
            }
            string path = PathOf(entry);
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
            return new CachedFile(path, () => Release(entry));
        }
        catch (Exception cause)
        {
            Release(entry);
            if (cause is not (IOException or UnauthorizedAccessException)) throw;
            throw StorageFailure.CannotWrite("a file of the data cache", _folder, file.Digest.Bytes, cause);
        }
    }

    public void Dispose() => _owner?.Dispose();

    private string PathOf(CacheEntry entry) => Path.Combine(_folder, entry.Sha256);

    private CacheEntry Lease(NamedFile file)
    {
        (long bytes, string sha256) = file.Digest;
        if (sha256.Length != HashLength || !sha256.All(char.IsAsciiHexDigitLower) || bytes < 0)
            throw new UserException(ErrorKind.Cluster, $"'{file.Name}' is described by no SHA-256: '{sha256}'", file.Name, "start the node that described it again");
        lock (_lock)
        {
            if (_owner is null) Open();
            if (!_entries.TryGetValue(sha256, out CacheEntry? entry)) _entries[sha256] = entry = new CacheEntry(sha256);
            entry.Leases++;
            entry.LastUse = ++_clock;
            entry.Bytes = bytes;
            if (TryMakeRoom()) return entry;
            entry.Leases--;
            if (entry.Leases == 0) Delete(entry);
        }
        throw new UserException(
            ErrorKind.Cluster, string.Create(CultureInfo.InvariantCulture, $"the data cache of {_limitBytes:N0} bytes has no room for '{file.Name}' of {bytes:N0}: the rest is in use"),
            _folder, "raise its limit, or put the data onto this node");
    }

    /// <summary>Under the lock: takes the folder, and finds what earlier processes left there.</summary>
    private void Open()
    {
        try
        {
            Directory.CreateDirectory(_folder);
            _owner = new FileStream(Path.Combine(_folder, "owner"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"the node's data cache cannot be used: {cause.Message}", _folder,
                "give each node of a machine its own storage.state, in a place that can be written to", cause);
        }
        // Names of files for jobs of a process that was killed.
        if (Directory.Exists(LinksFolder)) Directory.Delete(LinksFolder, recursive: true);
        foreach (FileInfo file in new DirectoryInfo(_folder).EnumerateFiles().OrderBy(f => f.LastAccessTimeUtc))
        {
            string sha256 = file.Name.Replace(PeerFetch.PartSuffix, "", StringComparison.Ordinal);
            if (sha256.Length != HashLength) continue;
            if (!_entries.TryGetValue(sha256, out CacheEntry? entry)) _entries[sha256] = entry = new CacheEntry(sha256) { LastUse = ++_clock };
            entry.Bytes += file.Length;
        }
    }

    private void Release(CacheEntry entry)
    {
        lock (_lock) entry.Leases--;
    }

    /// <summary>Under the lock.</summary>
    private bool TryMakeRoom()
    {
        while (_entries.Values.Sum(e => e.Bytes) > _limitBytes)
        {
            if (_entries.Values.Where(e => e.Leases == 0).MinBy(e => e.LastUse) is not { } oldest) return false;
            Delete(oldest);
        }
        return true;
    }

    private void Delete(CacheEntry entry)
    {
        _entries.Remove(entry.Sha256);
        File.Delete(PathOf(entry));
        File.Delete(PathOf(entry) + PeerFetch.PartSuffix);
    }

    /// <summary>Whether the complete file is on disk and still what it was.</summary>
    private bool IsHere(CacheEntry entry)
    {
        string path = PathOf(entry);
        if (!File.Exists(path)) return false;
        if (FileHashes.Sha256(path) == entry.Sha256) return true;
        File.Delete(path);
        return false;
    }
}
