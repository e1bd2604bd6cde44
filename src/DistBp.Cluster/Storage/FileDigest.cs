using System.Security.Cryptography;

namespace DistBp.Cluster.Storage;

/// <summary>The length and content of a file in 40 bytes.</summary>
/// <param name="Sha256">Lower-case hex.</param>
public sealed record FileDigest(long Bytes, string Sha256)
{
    /// <summary>Reads the whole file.</summary>
    public static FileDigest Of(string path)
    {
        using FileStream file = new(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete, bufferSize: 1, FileOptions.SequentialScan);
        long bytes = file.Length;
        return new FileDigest(bytes, Convert.ToHexStringLower(SHA256.HashData(file)));
    }
}
