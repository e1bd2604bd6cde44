using System.Security.Cryptography;

namespace DistBp.Cluster.Storage;

/// <summary>Writes bytes to a stream and computes their SHA-256 on the way, so that no second pass over the file is needed.</summary>
internal sealed class DigestingWriter(Stream stream) : IDisposable
{
    // A chunk is hashed right after it is written, while it is still in the cache.
    private const int ChunkBytes = 256 * 1024;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private long _bytes;

    public void Write(ReadOnlySpan<byte> data)
    {
        while (!data.IsEmpty)
        {
            ReadOnlySpan<byte> chunk = data[..Math.Min(data.Length, ChunkBytes)];
            stream.Write(chunk);
            _hash.AppendData(chunk);
            _bytes += chunk.Length;
            data = data[chunk.Length..];
        }
    }

    public FileDigest Finish() => new(_bytes, Convert.ToHexStringLower(_hash.GetHashAndReset()));

    public void Dispose() => _hash.Dispose();
}
