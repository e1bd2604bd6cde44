using System.Buffers.Binary;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>The sender's end of a <see cref="MessageRing"/>. For one thread at a time.</summary>
internal sealed class RingWriter
{
    private readonly MessageRing _ring;
    private readonly byte[] _entry = new byte[MaxEntryBytes];
    private long _written;

    public RingWriter(SharedSegment segment) => _ring = segment.AsRing();

    /// <summary>Longer messages are seldom, and go over the link.</summary>
    public const int MaxEntryBytes = 8 << 10;

    /// <summary>Of all that was written.</summary>
    public long ByteCount => _written;

    /// <summary>Whether the reader looks by itself. After a write it is to be asked again: the reader may have looked for the last time before.</summary>
    public bool IsAttended => Volatile.Read(ref _ring.Attended) != 0;

    /// <param name="before">How many envelopes of the stream come before this one.</param>
    /// <returns>False: there is no room.</returns>
    public bool TryWrite(IMessage envelope, long before)
    {
        int length = envelope.CalculateSize(), bytes = MessageRing.EntryBytes(length);
        // The count that was read is the peer's word: out of range, it leaves no room.
        long used = _written - Volatile.Read(ref _ring.Read);
        if (bytes > MaxEntryBytes || used < 0 || used + bytes > MessageRing.Capacity) return false;
        BinaryPrimitives.WriteInt64LittleEndian(_entry, length);
        BinaryPrimitives.WriteInt64LittleEndian(_entry.AsSpan(8), before);
        envelope.WriteTo(_entry.AsSpan(MessageRing.HeadBytes, length));
        _ring.CopyIn(_written, _entry.AsSpan(0, bytes));
        _written += bytes;
        Volatile.Write(ref _ring.Written, _written);
        // Before the caller asks again whether somebody looks: see RingReader.Attend.
        Interlocked.MemoryBarrier();
        return true;
    }
}
