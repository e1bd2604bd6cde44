using System.Collections.Concurrent;
using System.Security.Cryptography;
using Microsoft.Win32.SafeHandles;

namespace DistBp.Learning.Data;

/// <summary>
/// The SHA-256 of files, computed once a process for each (path, length, time of the last write). A file written to a moment ago is hashed
/// again when it is asked for again: a second write in the same tick of the file system's clock would go unnoticed.
/// </summary>
public static class FileHashes
{
    private const int MostKnown = 1 << 16, BufferBytes = 1 << 18;
    private static readonly TimeSpan s_settled = TimeSpan.FromSeconds(2);
    private static readonly ConcurrentDictionary<string, Known> s_known = new(StringComparer.Ordinal);

    /// <returns>Lower-case hexadecimal.</returns>
    /// <exception cref="UserException">The file is missing, cannot be read, or was written to meanwhile.</exception>
    public static string Sha256(string path)
    {
        string full = Path.GetFullPath(path);
        try
        {
            using var file = new FileStream(full, FileMode.Open, FileAccess.Read, FileShare.Read, BufferBytes, FileOptions.SequentialScan);
            Stamp before = StampOf(file);
            if (s_known.TryGetValue(full, out Known? known) && known.Stamp == before) return known.Sha256;
            DateTime now = DateTime.UtcNow;
            string hash = Convert.ToHexStringLower(SHA256.HashData(file));
            if (StampOf(file) != before) throw new UserException(ErrorKind.Data, "The file is being written to.", path, "start again once it is complete");
            if (s_known.Count >= MostKnown) s_known.Clear();
            if (now - before.Written > s_settled) s_known[full] = new Known(before, hash);
            return hash;
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, cause);
        }
    }

    /// <summary>In bytes; of what a link points to.</summary>
    /// <exception cref="UserException">The file is missing or cannot be read.</exception>
    public static long LengthOf(string path)
    {
        try
        {
            using SafeFileHandle file = File.OpenHandle(path);
            return RandomAccess.GetLength(file);
        }
        catch (Exception cause) when (cause is IOException or UnauthorizedAccessException)
        {
            throw Unreadable(path, cause);
        }
    }

    /// <summary>By the open file, for a link has a length and a time of its own.</summary>
    private static Stamp StampOf(FileStream file) => new(file.Length, File.GetLastWriteTimeUtc(file.SafeFileHandle));

    private static UserException Unreadable(string path, Exception cause)
    {
        bool missing = cause is FileNotFoundException or DirectoryNotFoundException;
        return new UserException(ErrorKind.Data, missing ? "The file is missing." : $"The file cannot be read: {cause.Message}", path,
            missing ? "bring it back, or correct the path" : "check the path and its permissions", cause);
    }

    private readonly record struct Stamp(long Bytes, DateTime Written);

    private sealed record Known(Stamp Stamp, string Sha256);
}
