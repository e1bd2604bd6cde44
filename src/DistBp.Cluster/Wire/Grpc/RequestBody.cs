using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>The body of a request that is written message by message while the response is already being read.</summary>
internal sealed class RequestBody : HttpContent
{
    private readonly TaskCompletionSource<PipeWriter> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _gate = new();
    private bool _isWriting, _isClosed;

    public RequestBody() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

    /// <summary>Waits until the connection is there. Not for two at once; but the call may end meanwhile, and with it this.</summary>
    /// <exception cref="RpcException">The call has ended: no request is taken any more.</exception>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    public async ValueTask WriteAsync<T>(T message, CancellationToken cancellation)
        where T : class, IMessage<T>
    {
        PipeWriter pipe = await _opened.Task.WaitAsync(cancellation).ConfigureAwait(false);
        lock (_gate)
        {
            if (_isClosed) throw new RpcException(StatusCode.Cancelled, "the call has ended: no more requests are taken");
            _isWriting = true;
        }
        try
        {
            await new MessageWriter<T>(pipe).WriteAsync(message, cancellation).ConfigureAwait(false);
        }
        finally
        {
            lock (_gate) _isWriting = false;
            // A pipe is not completed under its writer: who closed the body meanwhile has left that to this.
            if (_isClosed) _closed.TrySetResult();
        }
    }

    /// <summary>No request follows the one that is being written.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            if (_isWriting) return;
        }
        _closed.TrySetResult();
    }

    /// <summary>The call has ended: nobody will open this any more.</summary>
    public void Abandon(Exception cause)
    {
        _opened.TrySetException(cause);
        // Seen by those who wait; nobody may.
        _ = _opened.Task.Exception;
        Close();
    }

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        PipeWriter writer = PipeWriter.Create(stream, new StreamPipeWriterOptions(leaveOpen: true));
        try
        {
            // The request's headers leave with the first flush, though no message may follow for a while.
            await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException)
        {
            // The server has answered and ended the call already: who waits to write must learn of it.
            Abandon(e);
            throw;
        }
        _opened.TrySetResult(writer);
        await _closed.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        await writer.CompleteAsync().ConfigureAwait(false);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override bool TryComputeLength(out long length)
    {
        length = 0;
        return false;
    }
}
