using System.Globalization;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Wire.Grpc;
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
    private const string PartSuffix = ".part";
    private const int HashLength = 64, MostAttempts = 10;
    private readonly string _folder;
    private readonly long _limitBytes;
    private readonly FileStream _owner;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, CacheEntry> _entries = new(StringComparer.Ordinal);
    private long _clock;

    /// <param name="folder">Of this node's state, made where it is missing.</param>
    /// <param name="limitBytes">Of all files together.</param>
    /// <exception cref="UserException">Another process uses the folder, or it cannot be written to.</exception>
    public DataCache(string folder, long limitBytes)
    {
        (_folder, _limitBytes) = (Path.GetFullPath(folder), limitBytes);
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
        // Those of a process that was killed.
        if (Directory.Exists(LinksFolder)) Directory.Delete(LinksFolder, recursive: true);
        foreach (FileInfo file in new DirectoryInfo(_folder).EnumerateFiles().OrderBy(f => f.LastAccessTimeUtc))
        {
            string sha256 = file.Name.Replace(PartSuffix, "", StringComparison.Ordinal);
            if (sha256.Length != HashLength) continue;
            if (!_entries.TryGetValue(sha256, out CacheEntry? entry)) _entries[sha256] = entry = new CacheEntry(sha256) { LastUse = ++_clock };
            entry.Bytes += file.Length;
        }
    }

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
    /// <exception cref="UserException">No peer gave it, or there is no room for it.</exception>
    public async Task<CachedFile> GetAsync(NamedFile file, IReadOnlyList<DataPeer> peers, CancellationToken cancellation)
    {
        CacheEntry entry = Lease(file);
        try
        {
            await entry.Gate.WaitAsync(cancellation).ConfigureAwait(false);
            try
            {
                // Off the caller's thread: hashing takes a while.
                if (!await Task.Run(() => IsHere(entry), cancellation).ConfigureAwait(false)) await FetchAsync(file, entry, peers, cancellation).ConfigureAwait(false);
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

    public void Dispose() => _owner.Dispose();

    private string PathOf(CacheEntry entry) => Path.Combine(_folder, entry.Sha256);

    private CacheEntry Lease(NamedFile file)
    {
        (long bytes, string sha256) = file.Digest;
        if (sha256.Length != HashLength || !sha256.All(char.IsAsciiHexDigitLower) || bytes < 0)
            throw new UserException(ErrorKind.Cluster, $"'{file.Name}' is described by no SHA-256: '{sha256}'", file.Name, "start the node that described it again");
        lock (_lock)
        {
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
        File.Delete(PathOf(entry) + PartSuffix);
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

    private async Task FetchAsync(NamedFile file, CacheEntry entry, IReadOnlyList<DataPeer> peers, CancellationToken cancellation)
    {
        var failures = new List<string>();
        foreach (DataPeer peer in peers)
        {
            if (await TryFetchAsync(file, entry, peer, failures, cancellation).ConfigureAwait(false)) return;
        }
        string told = failures.Count == 0 ? "there is no other node" : string.Join("; ", failures);
        throw new UserException(
            ErrorKind.Cluster, $"no node gives '{file.Name}' ({told})", file.Name, "put the file onto this node at the job's path, or start a node that has it");
    }

    /// <summary>Goes on as long as each attempt brings it further.</summary>
    private async Task<bool> TryFetchAsync(NamedFile file, CacheEntry entry, DataPeer peer, List<string> failures, CancellationToken cancellation)
    {
        string part = PathOf(entry) + PartSuffix;
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            long before = File.Exists(part) ? new FileInfo(part).Length : 0;
            string? failure = await ReceiveAsync(file, part, peer, cancellation).ConfigureAwait(false);
            if (failure is null)
            {
                if (await Task.Run(() => FileHashes.Sha256(part), cancellation).ConfigureAwait(false) == entry.Sha256)
                {
                    File.Move(part, PathOf(entry), overwrite: true);
                    return true;
                }
                File.Delete(part);
                failure = "what it sent has another SHA-256";
                // The beginning may have come from elsewhere: once more from there.
                if (before > 0) continue;
            }
            failures.Add($"{peer.Name}: {failure}");
            if (!File.Exists(part) || new FileInfo(part).Length <= before) return false;
        }
        return false;
    }

    /// <returns>Null, or why the file is not complete.</returns>
    private static async Task<string?> ReceiveAsync(NamedFile file, string part, DataPeer peer, CancellationToken cancellation)
    {
        await using var stream = new FileStream(part, FileMode.OpenOrCreate, FileAccess.Write, FileShare.None, bufferSize: 0, FileOptions.Asynchronous);
        if (stream.Length > file.Digest.Bytes) stream.SetLength(0);
        stream.Seek(0, SeekOrigin.End);
        try
        {
            if (stream.Length < file.Digest.Bytes) await peer.ReadAsync(file, stream, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (RpcException e)
        {
            return e.Detail;
        }
        finally
        {
            stream.Flush(flushToDisk: true);
        }
    }
}
