using System.Buffers.Binary;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>The receiver's end of a <see cref="MessageRing"/>. <see cref="TryRead"/> is for one thread at a time.</summary>
internal sealed class RingReader
{
    private readonly MessageRing _ring;
    private readonly byte[] _entry = new byte[RingWriter.MaxEntryBytes];
    private readonly byte[] _head = new byte[MessageRing.HeadBytes];
    private long _read;

    public RingReader(PeerSegment segment) => _ring = segment.AsRing();

    public bool IsEmpty => Volatile.Read(ref _ring.Written) == Volatile.Read(ref _read);

    /// <summary>Tells the sender whether somebody looks by himself from now on. Who says no must look once more afterwards.</summary>
    public void Attend(bool looks)
    {
        Volatile.Write(ref _ring.Attended, looks ? 1 : 0);
        Interlocked.MemoryBarrier();
    }

    /// <summary>The next envelope, valid until the next call.</summary>
    /// <param name="before">How many envelopes of the stream were delivered: one that comes after more of them waits.</param>
    /// <exception cref="RpcException">INTERNAL: what lies in the ring is no entry.</exception>
    public bool TryRead(long before, out ReadOnlyMemory<byte> envelope)
    {
        envelope = default;
        long available = Volatile.Read(ref _ring.Written) - _read;
        if (available == 0) return false;
        if (available is < MessageRing.HeadBytes or > MessageRing.Capacity) throw Damaged($"{available} bytes");
        _ring.CopyOut(_read, _head);
        long length = BinaryPrimitives.ReadInt64LittleEndian(_head);
        if (length < 0 || length > _entry.Length - MessageRing.HeadBytes || MessageRing.EntryBytes((int)length) > available) throw Damaged($"an entry of {length} bytes");
        if (BinaryPrimitives.ReadInt64LittleEndian(_head.AsSpan(8)) > before) return false;
        // A copy: what another process may change is not parsed where it lies.
        _ring.CopyOut(_read + MessageRing.HeadBytes, _entry.AsSpan(0, (int)length));
        Volatile.Write(ref _read, _read + MessageRing.EntryBytes((int)length));
        Volatile.Write(ref _ring.Read, _read);
        envelope = _entry.AsMemory(0, (int)length);
        return true;
    }

    private static RpcException Damaged(string what) => new(StatusCode.Internal, $"the shared ring of messages holds {what}");
}
