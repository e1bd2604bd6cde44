using System.Globalization;
using System.IO.Pipelines;
using System.Net;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>A call under way, seen from the client. Disposing it before its end cancels it.</summary>
internal sealed class ClientCall<TRequest, TResponse> : IDisposable
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    private readonly Method<TRequest, TResponse> _method;
    private readonly HttpRequestMessage _request;
    private readonly RequestBody _body = new();
    private readonly TimeSpan? _timeout;
    private readonly int _maxMessageBytes;
    private readonly CancellationToken _caller;
    private readonly CancellationTokenSource _cancellation;
    private readonly Task<HttpResponseMessage> _response;

    /// <summary>Held by who reads: a writer whose call broke reads its end, and another may be reading already.</summary>
    private readonly SemaphoreSlim _reading = new(1);
    private MessageReader<TResponse>? _reader;
    private Stream? _responses;
    private RpcException? _end;
    private int _disposed;

    internal ClientCall(
        HttpMessageInvoker invoker, HttpRequestMessage request, Method<TRequest, TResponse> method, TimeSpan? timeout, int maxMessageBytes,
        CancellationToken cancellation)
    {
        (_method, _request, _timeout, _maxMessageBytes, _caller) = (method, request, timeout, maxMessageBytes, cancellation);
        _cancellation = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        if (timeout is { } limit) _cancellation.CancelAfter(limit);
        request.Content = _body;
        _response = SendAsync(invoker);
    }

    /// <summary>What the server sent ahead of its first message.</summary>
    public async Task<Metadata> HeadersAsync()
    {
        HttpResponseMessage response = await ResponseAsync().ConfigureAwait(false);
        return new HttpHeadersView(response.Headers).Metadata();
    }

    /// <summary>What the server sent with its status; known after the last message was read.</summary>
    public Metadata Trailers { get; private set; } = Metadata.Empty;

    /// <exception cref="RpcException">The call has ended.</exception>
    public async ValueTask WriteAsync(TRequest message)
    {
        if (_end is not null) throw _end;
        try
        {
            await _body.WriteAsync(message, _cancellation.Token).ConfigureAwait(false);
        }
        catch (RpcException) when (_end is not null)
        {
            throw _end;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException or ObjectDisposedException)
        {
            throw await EndOfBrokenCallAsync(e).ConfigureAwait(false);
        }
    }

    /// <summary>Writes and says that no request follows.</summary>
    public async ValueTask WriteLastAsync(TRequest message)
    {
        await WriteAsync(message).ConfigureAwait(false);
        CompleteRequests();
    }

    /// <summary>No request follows.</summary>
    public void CompleteRequests() => _body.Close();

    /// <summary>The next response; null after the last, when the status was OK.</summary>
    /// <exception cref="RpcException">The status was another one, or the call broke.</exception>
    public async ValueTask<TResponse?> ReadAsync()
    {
        await _reading.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_end is not null) throw _end;
            HttpResponseMessage response = await ResponseAsync().ConfigureAwait(false);
            _responses ??= await response.Content.ReadAsStreamAsync(_cancellation.Token).ConfigureAwait(false);
            _reader ??= new MessageReader<TResponse>(PipeReader.Create(_responses), _method.Responses, _maxMessageBytes, Broken);
            if (await _reader.ReadAsync(_cancellation.Token).ConfigureAwait(false) is { } message) return message;
            Finish(response);
            return null;
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            throw Broken(e);
        }
        finally
        {
            _reading.Release();
        }
    }

    /// <summary>The only response.</summary>
    public async Task<TResponse> ReadSingleAsync()
    {
        TResponse response = await ReadAsync().ConfigureAwait(false) ?? throw new RpcException(StatusCode.Internal, $"{_method.Path} gave no response");
        if (await ReadAsync().ConfigureAwait(false) is not null)
            throw new RpcException(StatusCode.Internal, $"{_method.Path} gave more than one response");
        return response;
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _cancellation.Cancel();
        _body.Abandon(new RpcException(StatusCode.Cancelled, "the call was disposed of"));
        // A stream that was asked for is no longer the response's to dispose of; unread, it resets the call.
        _responses?.Dispose();
        if (_response.IsCompletedSuccessfully) _response.Result.Dispose();
        _request.Dispose();
        _cancellation.Dispose();
        // Who still reads ends with the cancellation, and releases this: there is nothing to dispose of in it.
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMessageInvoker invoker)
    {
        try
        {
            return await invoker.SendAsync(_request, _cancellation.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is OperationCanceledException or HttpRequestException or IOException)
        {
            RpcException broken = Broken(e);
            _body.Abandon(broken);
            throw broken;
        }
    }

    private async Task<HttpResponseMessage> ResponseAsync()
    {
        HttpResponseMessage response = await _response.ConfigureAwait(false);
        if (response.StatusCode != HttpStatusCode.OK && !response.Headers.Contains("grpc-status"))
            throw new RpcException(OfHttp(response.StatusCode), $"{_method.Path} was answered with HTTP {(int)response.StatusCode}");
        return response;
    }

    /// <summary>A write failed: the server may have ended the call, and then its status tells why.</summary>
    private async Task<RpcException> EndOfBrokenCallAsync(Exception cause)
    {
        try
        {
            while (await ReadAsync().ConfigureAwait(false) is not null)
            {
            }
        }
        catch (RpcException end)
        {
            return end;
        }
        return new RpcException(StatusCode.Cancelled, $"{_method.Path} has ended: no more requests are taken", cause);
    }

    private void Finish(HttpResponseMessage response)
    {
        try
        {
            RequireOk(response);
        }
        finally
        {
            // Last: a writer that finds it closed finds out why as well.
            _body.Close();
        }
    }

    private void RequireOk(HttpResponseMessage response)
    {
        // Trailers-Only: the status came with the headers.
        HttpHeadersView end = response.TrailingHeaders.Contains("grpc-status") ? new(response.TrailingHeaders) : new(response.Headers);
        Trailers = end.Metadata();
        if (!int.TryParse(end.Get("grpc-status"), NumberStyles.None, CultureInfo.InvariantCulture, out int status))
            throw new RpcException(StatusCode.Internal, $"{_method.Path} ended without a grpc-status");
        if (status == (int)StatusCode.Ok) return;
        StatusCode code = Enum.IsDefined((StatusCode)status) ? (StatusCode)status : StatusCode.Unknown;
        throw _end = new RpcException(code, PercentEncoding.Decode(end.Get("grpc-message") ?? "")) { Trailers = Trailers };
    }

    private RpcException Broken(Exception cause)
    {
        if (cause is OperationCanceledException)
        {
            return _caller.IsCancellationRequested || _timeout is null
                ? new RpcException(StatusCode.Cancelled, $"{_method.Path} was cancelled", cause)
                : new RpcException(StatusCode.DeadlineExceeded, $"{_method.Path} did not end within {_timeout}", cause);
        }
        StatusCode code = (cause as HttpProtocolException ?? cause.InnerException as HttpProtocolException)?.ErrorCode is { } error
            ? StreamReset.StatusOf(error)
            : StatusCode.Unavailable;
        return new RpcException(code, $"{_method.Path} at {_request.RequestUri!.Authority}: {(cause.InnerException ?? cause).Message}", cause);
    }

    private static StatusCode OfHttp(HttpStatusCode status) => (int)status switch
    {
        400 or 431 => StatusCode.Internal,
        401 => StatusCode.Unauthenticated,
        403 => StatusCode.PermissionDenied,
        404 => StatusCode.Unimplemented,
        429 or 502 or 503 or 504 => StatusCode.Unavailable,
        _ => StatusCode.Unknown,
    };

    private readonly struct HttpHeadersView(System.Net.Http.Headers.HttpResponseHeaders headers)
    {
        public string? Get(string name) => headers.TryGetValues(name, out IEnumerable<string>? values) ? values.First() : null;

        public Metadata Metadata()
        {
            var metadata = new Metadata();
            foreach ((string name, IEnumerable<string> values) in headers)
            {
                foreach (string value in values) metadata.AddReceived(name, value);
            }
            return metadata;
        }
    }
}
