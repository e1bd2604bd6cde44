using System.Buffers.Binary;
using System.Runtime.CompilerServices;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Tensors;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// Writes deliveries to a call: small things gather in a buffer and leave together, tensors go from their own memory. For one thread at a time.
/// </summary>
internal sealed class LinkWriter(Http2Call call, TensorCast cast)
{
    // With its head no more than one frame of 256 KiB, and small enough that the bytes are still in the nearest caches for the socket when
    // their checksum has been computed. A multiple of a cache line.
    private const int ChunkBytes = (256 << 10) - 64;

    // Below, a copy costs less than another call into the kernel.
    private const int CopiedBytes = 8 << 10;
    private const int PrefixBytes = ChunkHead.PrefixBytes;

    private byte[] _gathered = new byte[16 << 10];
    private int _count;

    /// <summary>Of all that has been written.</summary>
    public long ByteCount { get; private set; }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(LinkItem item)
    {
        if (item.Message is not null) Gather(item.Message);
        if (item.Control is not null) Gather(item.Control);
        // By index: enumerating an interface would allocate in each message.
        for (int i = 0; i < (item.Tensors?.Count ?? 0); i++)
        {
            Contract.Tensor info = item.Message!.Tensors[i];
            if (info.Place is null) await WriteAsync(info.Number, item.Tensors![i], 0, (long)info.Bytes).ConfigureAwait(false);
        }
        if (item.ByteCount > 0) await WriteAsync(item.Number, item.Tensor, item.OffsetBytes, item.ByteCount).ConfigureAwait(false);
        if (item.Sent is null) return;
        await FlushAsync().ConfigureAwait(false);
        if (item.EndsStream) await call.CompleteAsync(default).ConfigureAwait(false);
        item.Sent.SetResult();
    }

    /// <summary>What was gathered leaves.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask FlushAsync()
    {
        if (_count > 0) await SendAsync(default).ConfigureAwait(false);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask WriteAsync(uint number, TensorBytes tensor, long offsetBytes, long byteCount)
    {
        for (long end = offsetBytes + byteCount; offsetBytes < end;)
        {
            int chunk = (int)Math.Min(ChunkBytes, end - offsetBytes);
            GatherHead(number, tensor, offsetBytes, chunk);
            if (chunk > CopiedBytes) await SendAsync(cast.Of(tensor, offsetBytes, chunk)).ConfigureAwait(false);
            else GatherPayload(tensor.Range(offsetBytes, chunk));
            if (_count > CopiedBytes) await SendAsync(default).ConfigureAwait(false);
            offsetBytes += chunk;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask SendAsync(ReadOnlyMemory<byte> payload)
    {
        ReadOnlyMemory<byte> head = _gathered.AsMemory(0, _count);
        _count = 0;
        ByteCount += head.Length + payload.Length;
        await call.WriteAsync(head, payload, default).ConfigureAwait(false);
    }

    private void Gather(Contract.Envelope message)
    {
        int length = message.CalculateSize(), head = DeliveryCodec.HeadBytes(length);
        Span<byte> room = Room(head + length);
        DeliveryCodec.WriteHead(room[..head], length);
        message.WriteTo(room.Slice(head, length));
        _count += head + length;
    }

    private void Gather(Contract.Delivery delivery)
    {
        int length = delivery.CalculateSize();
        Span<byte> room = Room(PrefixBytes + length);
        room[0] = 0;
        BinaryPrimitives.WriteInt32BigEndian(room[1..], length);
        delivery.WriteTo(room.Slice(PrefixBytes, length));
        _count += PrefixBytes + length;
    }

    private void GatherHead(uint number, TensorBytes tensor, long offsetBytes, int chunk)
    {
        var head = new ChunkHead(Checksum.Compute(tensor.Range(offsetBytes, chunk)), number, (ulong)offsetBytes, chunk);
        _count += head.Write(Room(ChunkHead.MaxBytes));
    }

    private void GatherPayload(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(Room(bytes.Length));
        _count += bytes.Length;
    }

    private Span<byte> Room(int bytes)
    {
        // A large envelope makes it grow once; its length is the receiver's to limit.
        if (_gathered.Length - _count < bytes) Array.Resize(ref _gathered, Math.Max(2 * _gathered.Length, _count + bytes));
        return _gathered.AsSpan(_count);
    }
}
