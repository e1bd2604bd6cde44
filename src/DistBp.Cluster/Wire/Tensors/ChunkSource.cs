using System.Buffers;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Tensors;

/// <summary>Chunks that arrive at a server, from Kestrel's pipe into training memory.</summary>
internal sealed class ChunkSource(PipeReader pipe, int maxPayloadBytes)
{
    private ChunkHead _head;

    /// <summary>The next chunk's head; null after the last chunk. <see cref="ReadPayloadAsync"/> must follow.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ChunkHead?> ReadHeadAsync(CancellationToken cancellation)
    {
        while (true)
        {
            ReadResult result = await ReceiveAsync(cancellation).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (buffer.IsEmpty && result.IsCompleted) return null;
            if (TryReadHead(buffer, out int consumed))
            {
                pipe.AdvanceTo(buffer.GetPosition(consumed));
                return _head;
            }
            if (result.IsCompleted) throw new RpcException(StatusCode.Internal, "the stream ended inside a chunk's head");
            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    /// <summary>Copies the payload into <paramref name="destination"/>, which has its length, and checks it on the way.</summary>
    /// <exception cref="RpcException">DATA_LOSS: the checksum differs.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadPayloadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        uint state = Checksum.Begin;
        int done = 0;
        while (done < destination.Length)
        {
            ReadResult result = await ReceiveAsync(cancellation).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (buffer.Length > destination.Length - done) buffer = buffer.Slice(0, destination.Length - done);
            foreach (ReadOnlyMemory<byte> piece in buffer)
            {
                piece.Span.CopyTo(destination.Span[done..]);
                state = Checksum.Extend(state, piece.Span);
                done += piece.Length;
            }
            if (done < destination.Length && result.IsCompleted)
                throw new RpcException(StatusCode.Internal, $"the stream ended after {done} of a chunk's {destination.Length} bytes");
            pipe.AdvanceTo(buffer.End);
        }
        ChunkChecks.Checksum(_head, Checksum.End(state));
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            return await pipe.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (IOException e)
        {
            throw new RpcException(StatusCode.Cancelled, "the client has gone or reset the call", e);
        }
    }

    private bool TryReadHead(in ReadOnlySequence<byte> buffer, out int consumed)
    {
        if (buffer.FirstSpan.Length >= ChunkHead.MaxBytes) return ChunkHead.TryRead(buffer.FirstSpan, maxPayloadBytes, out _head, out consumed);
        Span<byte> start = stackalloc byte[ChunkHead.MaxBytes];
        int count = (int)Math.Min(buffer.Length, start.Length);
        buffer.Slice(0, count).CopyTo(start);
        return ChunkHead.TryRead(start[..count], maxPayloadBytes, out _head, out consumed);
    }
}
