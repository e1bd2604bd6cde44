using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>One HTTP/2 connection to a node (more where its streams run out), over which any number of calls go at once.</summary>
internal sealed class GrpcChannel : IDisposable
{
    private readonly HttpMessageInvoker _invoker;
    private readonly Uri _address;
    private readonly GrpcLimits _limits;

    /// <param name="address">"http://host:port".</param>
    public GrpcChannel(Uri address, GrpcLimits limits)
    {
        (_address, _limits) = (address, limits);
        _invoker = new HttpMessageInvoker(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            ActivityHeadersPropagator = null,
            EnableMultipleHttp2Connections = true,
            InitialHttp2StreamWindowSize = limits.StreamWindowBytes,
            KeepAlivePingDelay = limits.PingInterval,
            KeepAlivePingTimeout = limits.PingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
            ConnectTimeout = limits.PingTimeout,
        });
    }

    /// <summary>Begins a call: requests can be written and responses read from then on.</summary>
    /// <param name="timeout">Null: no deadline.</param>
    public ClientCall<TRequest, TResponse> Call<TRequest, TResponse>(
        Method<TRequest, TResponse> method, Metadata? metadata = null, TimeSpan? timeout = null, CancellationToken cancellation = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_address, method.Path))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        request.Headers.TE.Add(new TransferCodingWithQualityHeaderValue("trailers"));
        foreach ((string name, string value) in metadata ?? Metadata.Empty) request.Headers.TryAddWithoutValidation(name, value);
        if (timeout is { } limit) request.Headers.TryAddWithoutValidation(GrpcTimeout.Header, GrpcTimeout.Format(limit));
        return new ClientCall<TRequest, TResponse>(_invoker, request, method, timeout, _limits.MaxMessageBytes, cancellation);
    }

    /// <summary>One request, one response.</summary>
    /// <exception cref="RpcException">The call ended with another status than OK.</exception>
    public async Task<TResponse> UnaryAsync<TRequest, TResponse>(
        Method<TRequest, TResponse> method, TRequest message, Metadata? metadata = null, TimeSpan? timeout = null,
        CancellationToken cancellation = default)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        using ClientCall<TRequest, TResponse> call = Call(method, metadata, timeout, cancellation);
        await call.WriteLastAsync(message).ConfigureAwait(false);
        return await call.ReadSingleAsync().ConfigureAwait(false);
    }

    public void Dispose() => _invoker.Dispose();
}
