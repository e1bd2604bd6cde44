using System.Buffers.Binary;
using System.Security.Cryptography;

namespace DistBp.Cluster.Storage.Ledgers;

/// <summary>
/// How records stand in the file (see protos/distbp/v1/ledger.proto). A seal follows right before the frame that it is the start of, so what
/// is hashed for a frame is one run of bytes.
/// </summary>
internal static class LedgerFrame
{
    public const int SealBytes = SHA256.HashSizeInBytes;
    public const int LengthBytes = sizeof(int);

    /// <summary>Bounds what a reader believes of a length: a record of 65,536 slices, each from another worker, is smaller.</summary>
    public const int MaxRecordBytes = 4 << 20;

    /// <summary>The file's beginning, which stands for the seal before the first frame.</summary>
    public static ReadOnlySpan<byte> Beginning => "distbp ledger 1\n\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"u8;

    /// <summary>Of a whole frame.</summary>
    public static int Bytes(int recordBytes) => LengthBytes + recordBytes + SealBytes;

    public static void WriteLength(Span<byte> frame, int recordBytes) => BinaryPrimitives.WriteInt32LittleEndian(frame, recordBytes);

    public static int ReadLength(ReadOnlySpan<byte> frame) => BinaryPrimitives.ReadInt32LittleEndian(frame);

    /// <param name="sealed">[<see cref="SealBytes"/> + length + record]: the seal before the frame, and the frame up to its own.</param>
    /// <param name="seal">[<see cref="SealBytes"/>].</param>
    public static void Seal(ReadOnlySpan<byte> @sealed, Span<byte> seal) => SHA256.HashData(@sealed, seal);
}
