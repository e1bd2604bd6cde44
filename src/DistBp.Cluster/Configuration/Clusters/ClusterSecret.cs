using System.Security.Cryptography;
using System.Text;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>What all nodes and clients of a cluster know. It is never shown: not in a message, a log or a debugger's text.</summary>
public sealed class ClusterSecret : IEquatable<ClusterSecret>
{
    public static readonly ClusterSecret None = new("");

    private readonly byte[] _bytes;
    private readonly byte[] _hash;

    /// <param name="text">"": there is none.</param>
    public ClusterSecret(string text)
    {
        _bytes = Encoding.UTF8.GetBytes(text);
        _hash = SHA256.HashData(_bytes);
    }

    public bool IsNone => _bytes.Length == 0;

    /// <summary>As it travels with a call.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A secret that nobody knows yet.</summary>
    public static ClusterSecret Random() => new(Convert.ToHexString(RandomNumberGenerator.GetBytes(32)));

    /// <summary>Takes the same time whatever is presented: the hashes are of one length, and all of them is compared.</summary>
    public bool Matches(ReadOnlySpan<byte> presented)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(presented, hash);
        return CryptographicOperations.FixedTimeEquals(hash, _hash);
    }

    public bool Equals(ClusterSecret? other) => other is not null && CryptographicOperations.FixedTimeEquals(_hash, other._hash);

    public override bool Equals(object? obj) => Equals(obj as ClusterSecret);

    public override int GetHashCode() => BitConverter.ToInt32(_hash);

    public override string ToString() => IsNone ? "none" : "(secret)";
}
