using System.Runtime.CompilerServices;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;

namespace DistBp.Cluster.Wire.Tensors;

/// <summary>A client's stream of chunks both ways, between its training memory and the socket.</summary>
internal sealed class ChunkStream(Http2Call call, int maxPayloadBytes) : IAsyncDisposable
{
    private readonly byte[] _headOut = new byte[ChunkHead.MaxBytes];
    private readonly byte[] _headIn = new byte[ChunkHead.MaxBytes];
    private int _ahead;
    private int _aheadStart;
    private ChunkHead _head;

    /// <summary>The payload may be used again when this returns.</summary>
    public ValueTask WriteAsync(uint tensor, ulong offsetBytes, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        int length = new ChunkHead(Checksum.Compute(payload.Span), tensor, offsetBytes, payload.Length).Write(_headOut);
        return call.WriteAsync(_headOut.AsMemory(0, length), payload, cancellation);
    }

    /// <summary>No chunk follows.</summary>
    public ValueTask CompleteAsync(CancellationToken cancellation) => call.CompleteAsync(cancellation);

    /// <summary>The next chunk's head; null after the last. <see cref="ReadPayloadAsync"/> must follow.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<ChunkHead?> ReadHeadAsync(CancellationToken cancellation)
    {
        _headIn.AsSpan(_aheadStart, _ahead).CopyTo(_headIn);
        _aheadStart = 0;
        int consumed;
        while (!ChunkHead.TryRead(_headIn.AsSpan(0, _ahead), maxPayloadBytes, out _head, out consumed))
        {
            int count = await call.ReadAsync(_headIn.AsMemory(_ahead), cancellation).ConfigureAwait(false);
            if (count == 0 && _ahead == 0) return null;
            if (count == 0) throw new RpcException(StatusCode.Internal, "the stream ended inside a chunk's head");
            _ahead += count;
        }
        _aheadStart = consumed;
        _ahead -= consumed;
        return _head;
    }

    /// <summary>Receives the payload into <paramref name="destination"/>, which has its length, and checks it.</summary>
    /// <exception cref="RpcException">DATA_LOSS: the checksum differs.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask ReadPayloadAsync(Memory<byte> destination, CancellationToken cancellation)
    {
        int done = Math.Min(_ahead, destination.Length);
        _headIn.AsMemory(_aheadStart, done).CopyTo(destination);
        _aheadStart += done;
        _ahead -= done;
        while (done < destination.Length)
        {
            int count = await call.ReadAsync(destination[done..], cancellation).ConfigureAwait(false);
            if (count == 0) throw new RpcException(StatusCode.Internal, $"the stream ended after {done} of a chunk's {destination.Length} bytes");
            done += count;
        }
        ChunkChecks.Checksum(_head, Checksum.Compute(destination.Span));
    }

    public ValueTask DisposeAsync() => call.DisposeAsync();
}
