using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>Writes the messages of one direction of a call. Not for two writers at once. Waits while the other side's window is full.</summary>
internal sealed class MessageWriter<T>(PipeWriter pipe)
    where T : class, IMessage<T>
{
    /// <summary>The message leaves at once.</summary>
    /// <exception cref="RpcException">The call has ended.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync(T message, CancellationToken cancellation = default)
    {
        int length = message.CalculateSize();
        BinaryPrimitives.WriteUInt32BigEndian(Header(pipe), (uint)length);
        pipe.Advance(MessageReader<T>.HeaderBytes);
        message.WriteTo(pipe);
        FlushResult flushed = await pipe.FlushAsync(cancellation).ConfigureAwait(false);
        if (flushed.IsCompleted || flushed.IsCanceled) throw new RpcException(StatusCode.Cancelled, "the other side reads no more");
    }

    private static Span<byte> Header(PipeWriter pipe)
    {
        Span<byte> header = pipe.GetSpan(MessageReader<T>.HeaderBytes);
        header[0] = 0;
        return header[1..];
    }
}
