using System.Runtime.InteropServices;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>
/// The memory of a ring of messages between two processes, of which one writes and one reads. After the segment's nonce stand, on a cache line each:
/// whether the reader looks (its word), how many bytes it has read (its word), how many were written (the writer's); then the bytes.
/// <para>
/// An entry begins at a multiple of 8: int32 length; int32 0; int64 how many envelopes of the stream come before it; the bytes of an envelope. Both
/// counts only grow, and the place in the ring is the count modulo its length.
/// </para>
/// </summary>
internal readonly struct MessageRing(SharedMapping mapping)
{
    /// <summary>Of entries: far above what a step has under way.</summary>
    public const int Capacity = 64 << 10;

    public const int HeadBytes = 16, ByteCount = DataAt + Capacity;

    private const int Line = 64, AttendedAt = 1 * Line, ReadAt = 2 * Line, WrittenAt = 3 * Line, DataAt = 4 * Line;

    /// <summary>Not 0 while a thread of the reader will look into the ring by itself.</summary>
    public ref int Attended => ref MemoryMarshal.AsRef<int>(mapping.Bytes.Span[AttendedAt..]);

    public ref long Read => ref MemoryMarshal.AsRef<long>(mapping.Bytes.Span[ReadAt..]);

    public ref long Written => ref MemoryMarshal.AsRef<long>(mapping.Bytes.Span[WrittenAt..]);

    public static int EntryBytes(int length) => HeadBytes + (length + 7) / 8 * 8;

    public void CopyIn(long at, ReadOnlySpan<byte> bytes)
    {
        Span<byte> data = mapping.Bytes.Span.Slice(DataAt, Capacity);
        int start = (int)(at & (Capacity - 1)), first = Math.Min(bytes.Length, Capacity - start);
        bytes[..first].CopyTo(data[start..]);
        bytes[first..].CopyTo(data);
    }

    public void CopyOut(long at, Span<byte> bytes)
    {
        ReadOnlySpan<byte> data = mapping.Bytes.Span.Slice(DataAt, Capacity);
        int start = (int)(at & (Capacity - 1)), first = Math.Min(bytes.Length, Capacity - start);
        data.Slice(start, first).CopyTo(bytes);
        data[..(bytes.Length - first)].CopyTo(bytes[first..]);
    }
}
