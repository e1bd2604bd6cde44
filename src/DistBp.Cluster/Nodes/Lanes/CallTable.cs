using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf;

namespace DistBp.Cluster.Nodes.Lanes;

/// <summary>Methods that coordinator and members call of each other: over gRPC, or over a <see cref="ControlLane"/> where there is one.</summary>
internal sealed class CallTable
{
    private readonly Dictionary<string, Func<ByteString, CancellationToken, Task<IMessage>>> _handlers = [];
    private readonly List<Action<GrpcServices>> _overGrpc = [];

    /// <param name="handler">Throws the <see cref="RpcException"/> with which a call ends instead of a response.</param>
    public void Add<TRequest, TResponse>(Method<TRequest, TResponse> method, Func<TRequest, CancellationToken, Task<TResponse>> handler)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        _handlers.Add(method.Path, async (request, cancellation) => await handler(method.Requests.ParseFrom(request), cancellation).ConfigureAwait(false));
        _overGrpc.Add(services => services.Unary(method, (request, call) => handler(request, call.Cancellation)));
    }

    public void AddTo(GrpcServices services)
    {
        foreach (Action<GrpcServices> add in _overGrpc) add(services);
    }

    /// <exception cref="RpcException">The call ends so.</exception>
    public Task<IMessage> AnswerAsync(string path, ByteString request, CancellationToken cancellation) =>
        _handlers.TryGetValue(path, out Func<ByteString, CancellationToken, Task<IMessage>>? handler)
            ? handler(request, cancellation) : throw new RpcException(StatusCode.Unimplemented, $"there is no method {path} here");
}
