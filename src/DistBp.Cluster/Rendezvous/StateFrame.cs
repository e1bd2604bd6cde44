using System.Security.Cryptography;
using System.Text;

namespace DistBp.Cluster.Rendezvous;

/// <summary>
/// A value of a coordinator's state as a file: 32 bytes "distbp state 1\n", filled up with zeros; 32 bytes SHA-256 over the value's name, a newline and the
/// value; the value. So a changed byte, a torn end and a file under another's name are found.
/// </summary>
internal static class StateFrame
{
    private const int HeadBytes = 32;

    private static ReadOnlySpan<byte> Kind => "distbp state "u8;

    private static ReadOnlySpan<byte> Beginning => "distbp state 1\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8;

    public static byte[] Write(string name, ReadOnlySpan<byte> value)
    {
        var frame = new byte[HeadBytes + SHA256.HashSizeInBytes + value.Length];
        Beginning.CopyTo(frame);
        Digest(name, value).CopyTo(frame, HeadBytes);
        value.CopyTo(frame.AsSpan(HeadBytes + SHA256.HashSizeInBytes));
        return frame;
    }

    /// <returns>The value; or null, and what is wrong, and whether it is another version's.</returns>
    public static (byte[]? Value, string Why, bool IsForeign) Read(string name, ReadOnlySpan<byte> frame)
    {
        if (!frame.StartsWith(Kind)) return (null, "the file does not begin as one of a coordinator does", false);
        if (!frame.StartsWith(Beginning))
            return frame.Length < HeadBytes ? (null, "the file is torn", false) : (null, "another version of distbp has written it", true);
        if (frame.Length < HeadBytes + SHA256.HashSizeInBytes) return (null, "the file is torn", false);
        byte[] value = frame[(HeadBytes + SHA256.HashSizeInBytes)..].ToArray();
        return Digest(name, value).AsSpan().SequenceEqual(frame.Slice(HeadBytes, SHA256.HashSizeInBytes))
            ? (value, "", false) : (null, "a byte of it was changed, or it is torn", false);
    }

    private static byte[] Digest(string name, ReadOnlySpan<byte> value)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes(name + "\n"));
        hash.AppendData(value);
        return hash.GetHashAndReset();
    }
}
