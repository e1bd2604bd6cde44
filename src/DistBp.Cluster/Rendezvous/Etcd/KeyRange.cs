using Google.Protobuf;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>Keys of etcd from <paramref name="Start"/> up to, not including, <paramref name="End"/>; an empty end: the start alone.</summary>
internal readonly record struct KeyRange(ByteString Start, ByteString End)
{
    public static KeyRange Of(string key) => new(ByteString.CopyFromUtf8(key), ByteString.Empty);

    /// <summary>All keys that begin so: up to the prefix with its last byte counted up. (The bytes 0xFF do not occur in UTF-8.)</summary>
    public static KeyRange Below(string prefix)
    {
        ByteString start = ByteString.CopyFromUtf8(prefix);
        byte[] end = start.ToByteArray();
        end[^1]++;
        return new KeyRange(start, ByteString.CopyFrom(end));
    }
}
