using System.IO.Pipelines;
using System.Net;
using System.Net.Http.Headers;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>The body of a request that is written message by message while the response is already being read.</summary>
internal sealed class RequestBody : HttpContent
{
    private readonly TaskCompletionSource<PipeWriter> _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _closed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public RequestBody() => Headers.ContentType = new MediaTypeHeaderValue("application/grpc");

    /// <summary>Completes when the connection is there; fails with the call.</summary>
    public Task<PipeWriter> Opened => _opened.Task;

    /// <summary>No request follows.</summary>
    public void Close() => _closed.TrySetResult();

    /// <summary>The call has ended: nobody will open this any more.</summary>
    public void Abandon(Exception cause)
    {
        _opened.TrySetException(cause);
        // Seen by those who wait; nobody may.
        _ = _opened.Task.Exception;
        _closed.TrySetResult();
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
