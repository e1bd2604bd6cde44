using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Tensors;

/// <summary>Chunks that leave a server, from training memory into Kestrel's pipe.</summary>
internal sealed class ChunkSink(PipeWriter pipe)
{
    // Of the pipe's memory at a time: it is one HTTP/2 frame or part of one.
    private const int Piece = 64 << 10;

    /// <exception cref="RpcException">The client reads no more.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(uint tensor, ulong offsetBytes, ReadOnlyMemory<byte> payload, CancellationToken cancellation)
    {
        var head = new ChunkHead(Checksum.Compute(payload.Span), tensor, offsetBytes, payload.Length);
        pipe.Advance(head.Write(pipe.GetSpan(ChunkHead.MaxBytes)));
        for (int at = 0; at == 0 || at < payload.Length; at += Piece)
        {
            ReadOnlySpan<byte> piece = payload.Span[at..Math.Min(payload.Length, at + Piece)];
            piece.CopyTo(pipe.GetSpan(piece.Length));
            pipe.Advance(piece.Length);
            FlushResult flushed = await pipe.FlushAsync(cancellation).ConfigureAwait(false);
            if (flushed.IsCompleted) throw new RpcException(StatusCode.Cancelled, "the client reads no more");
        }
    }
}
