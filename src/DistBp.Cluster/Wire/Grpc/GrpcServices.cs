using System.IO.Pipelines;
using DistBp.Cluster.Wire.Http2;
using Google.Protobuf;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>
/// The methods that a server answers. A method of any kind is one handler over a reader of requests and a writer of responses; the four kinds
/// differ in how often each is used.
/// </summary>
/// <param name="maxMessageBytes">The longest request.</param>
/// <param name="report">Is told of a method's bug.</param>
/// <param name="guard">Sees each call's metadata before its method does, and throws the <see cref="RpcException"/> with which it ends instead.</param>
internal sealed class GrpcServices(IEndpointRouteBuilder routes, LeanServer lean, int maxMessageBytes, Action<Exception> report, Action<Metadata>? guard = null)
{
    /// <summary>The same server, for methods whose calls are checked first.</summary>
    public GrpcServices Guarded(Action<Metadata> by) => new(routes, lean, maxMessageBytes, report, by);

    /// <summary>One request, one response.</summary>
    public void Unary<TRequest, TResponse>(Method<TRequest, TResponse> method, Func<TRequest, ServerCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
        => Map(method, clientStreams: false, serverStreams: false, async (requests, responses, call) =>
        {
            TRequest request = await SingleAsync(requests, call).ConfigureAwait(false);
            await responses.WriteAsync(await handler(request, call).ConfigureAwait(false), call.Cancellation).ConfigureAwait(false);
        });

    /// <summary>One request, any number of responses.</summary>
    public void ServerStreaming<TRequest, TResponse>(
        Method<TRequest, TResponse> method, Func<TRequest, MessageWriter<TResponse>, ServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
        => Map(method, clientStreams: false, serverStreams: true, async (requests, responses, call) =>
            await handler(await SingleAsync(requests, call).ConfigureAwait(false), responses, call).ConfigureAwait(false));

    /// <summary>Any number of requests, one response.</summary>
    public void ClientStreaming<TRequest, TResponse>(
        Method<TRequest, TResponse> method, Func<MessageReader<TRequest>, ServerCall, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
        => Map(method, clientStreams: true, serverStreams: false, async (requests, responses, call) =>
            await responses.WriteAsync(await handler(requests, call).ConfigureAwait(false), call.Cancellation).ConfigureAwait(false));

    /// <summary>Any number of both, in any order.</summary>
    public void DuplexStreaming<TRequest, TResponse>(
        Method<TRequest, TResponse> method, Func<MessageReader<TRequest>, MessageWriter<TResponse>, ServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
        => Map(method, clientStreams: true, serverStreams: true, handler);

    /// <summary>A stream both ways whose messages the handler reads and writes itself (tensors, without a copy).</summary>
    /// <param name="path">Of a method whose messages stand in a .proto too.</param>
    public void Raw(string path, Func<PipeReader, PipeWriter, ServerCall, Task> handler)
        => routes.MapPost(path, (HttpContext context) => ServerCallRun.RunAsync(
            context, call => Guard(call, () => handler(context.Request.BodyReader, context.Response.BodyWriter, call)), report));

    /// <summary>A long call of tensors, for those of our own clients that ask for a connection of its own; to others <see cref="Raw"/> offers the same.</summary>
    public void Long(string path, LongCallStart start) => lean.Add(path, (metadata, peer, wake) =>
    {
        guard?.Invoke(metadata);
        return start(metadata, peer, wake);
    });

    private void Map<TRequest, TResponse>(
        Method<TRequest, TResponse> method, bool clientStreams, bool serverStreams,
        Func<MessageReader<TRequest>, MessageWriter<TResponse>, ServerCall, Task> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        if ((method.ClientStreams, method.ServerStreams) != (clientStreams, serverStreams))
            throw new ArgumentException($"{method.Path} is of another kind in its .proto.", nameof(method));
        routes.MapPost(method.Path, (HttpContext context) => ServerCallRun.RunAsync(context, call => Guard(call, () => handler(
            new MessageReader<TRequest>(context.Request.BodyReader, method.Requests, maxMessageBytes, Reset),
            new MessageWriter<TResponse>(context.Response.BodyWriter), call)), report));
    }

    private Task Guard(ServerCall call, Func<Task> method)
    {
        guard?.Invoke(call.Metadata);
        return method();
    }

    private static RpcException Reset(Exception cause) => new(StatusCode.Cancelled, "the client has gone or reset the call", cause);

    private static async Task<T> SingleAsync<T>(MessageReader<T> requests, ServerCall call)
        where T : class, IMessage<T>
    {
        T request = await requests.ReadAsync(call.Cancellation).ConfigureAwait(false)
            ?? throw new RpcException(StatusCode.Internal, "the call ended without a request");
        if (await requests.ReadAsync(call.Cancellation).ConfigureAwait(false) is not null)
            throw new RpcException(StatusCode.Internal, "the method takes one request, and a second one came");
        return request;
    }
}
