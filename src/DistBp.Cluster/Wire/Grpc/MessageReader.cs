using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>
/// The messages of one direction of a call, one after the other. A message is one byte (0: not compressed), four bytes of length, big-endian,
/// and the bytes; the borders of HTTP/2's frames say nothing.
/// </summary>
/// <param name="maxMessageBytes">A longer message ends the call with RESOURCE_EXHAUSTED before its bytes are held.</param>
/// <param name="broken">What a connection that breaks off, or is reset, means for the call.</param>
internal sealed class MessageReader<T>(PipeReader pipe, MessageParser<T> parser, int maxMessageBytes, Func<Exception, RpcException> broken)
    where T : class, IMessage<T>
{
    internal const int HeaderBytes = 5;

    /// <summary>The next message; null after the last.</summary>
    /// <exception cref="RpcException">The message is too long, compressed, cut off or no <typeparamref name="T"/>.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<T?> ReadAsync(CancellationToken cancellation = default)
    {
        while (true)
        {
            ReadResult result = await ReceiveAsync(cancellation).ConfigureAwait(false);
            ReadOnlySequence<byte> buffer = result.Buffer;
            if (result.IsCanceled) throw new OperationCanceledException("The call's reading was cancelled.");
            if (buffer.IsEmpty && result.IsCompleted) return null;
            long needed = HeaderBytes;
            if (buffer.Length >= HeaderBytes)
            {
                int length = Length(buffer);
                needed += length;
                if (buffer.Length >= needed)
                {
                    T message = Parse(buffer.Slice(HeaderBytes, length));
                    pipe.AdvanceTo(buffer.GetPosition(needed));
                    return message;
                }
            }
            if (result.IsCompleted)
                throw new RpcException(StatusCode.Internal, $"the stream ended after {buffer.Length} of a message's {needed} bytes");
            pipe.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<ReadResult> ReceiveAsync(CancellationToken cancellation)
    {
        try
        {
            return await pipe.ReadAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException)
        {
            throw broken(e);
        }
    }

    private int Length(in ReadOnlySequence<byte> buffer)
    {
        Span<byte> header = stackalloc byte[HeaderBytes];
        buffer.Slice(0, HeaderBytes).CopyTo(header);
        if (header[0] == 1) throw new RpcException(StatusCode.Internal, "a message is compressed, but no grpc-encoding was agreed");
        if (header[0] != 0) throw new RpcException(StatusCode.Internal, $"a message begins with the byte {header[0]} where 0 or 1 must stand");
        uint length = BinaryPrimitives.ReadUInt32BigEndian(header[1..]);
        if (length > maxMessageBytes)
            throw new RpcException(StatusCode.ResourceExhausted, $"a message of {length} bytes is longer than the limit of {maxMessageBytes}");
        return (int)length;
    }

    private T Parse(in ReadOnlySequence<byte> bytes)
    {
        try
        {
            return parser.ParseFrom(bytes);
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new RpcException(StatusCode.Internal, $"a message is no {typeof(T).Name}: {e.Message}", e);
        }
    }
}
