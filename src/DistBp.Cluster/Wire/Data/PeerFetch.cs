using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Wire.Data;

/// <summary>Fetches one file from peers, one after the other: what one has begun the next goes on with.</summary>
internal static class PeerFetch
{
    /// <summary>Of the name of a file that is not complete.</summary>
    public const string PartSuffix = ".part";

    private const int MostAttempts = 100;

    /// <param name="path">Where the file is once it is complete and right.</param>
    /// <exception cref="UserException">No peer gave it.</exception>
    public static async Task RunAsync(NamedFile file, string path, IReadOnlyList<DataPeer> peers, CancellationToken cancellation)
    {
        var failures = new List<string>();
        foreach (DataPeer peer in peers)
        {
            if (await TryAsync(file, path, peer, failures, cancellation).ConfigureAwait(false)) return;
        }
        string told = failures.Count == 0 ? "there is no other node" : string.Join("; ", failures);
        throw new UserException(
            ErrorKind.Cluster, $"no node gives '{file.Name}' ({told})", file.Name, "put the file onto this node at the job's path, or start a node that has it");
    }

    /// <summary>Goes on as long as each attempt brings it further.</summary>
    private static async Task<bool> TryAsync(NamedFile file, string path, DataPeer peer, List<string> failures, CancellationToken cancellation)
    {
        string part = path + PartSuffix;
        for (int attempt = 0; attempt < MostAttempts; attempt++)
        {
            long before = File.Exists(part) ? new FileInfo(part).Length : 0;
            string? failure = await ReceiveAsync(file, part, peer, cancellation).ConfigureAwait(false);
            if (failure is null)
            {
                if (await Task.Run(() => FileHashes.Sha256(part), cancellation).ConfigureAwait(false) == file.Digest.Sha256)
                {
                    File.Move(part, path, overwrite: true);
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
