using Google.Protobuf;
using Google.Protobuf.Reflection;

namespace DistBp.Cluster.Wire.Grpc;

/// <summary>A method of a service as its .proto describes it: the descriptor is generated, so the contract is the one source.</summary>
internal sealed class Method<TRequest, TResponse>
    where TRequest : class, IMessage<TRequest>
    where TResponse : class, IMessage<TResponse>
{
    public Method(ServiceDescriptor service, string name)
    {
        MethodDescriptor method = service.FindMethodByName(name) ?? throw new ArgumentException($"{service.FullName} has no method {name}.", nameof(name));
        if (method.InputType.ClrType != typeof(TRequest) || method.OutputType.ClrType != typeof(TResponse))
            throw new ArgumentException($"{method.FullName} takes {method.InputType.Name} and gives {method.OutputType.Name}.", nameof(name));
        Path = $"/{service.FullName}/{name}";
        (ClientStreams, ServerStreams) = (method.IsClientStreaming, method.IsServerStreaming);
        Requests = (MessageParser<TRequest>)method.InputType.Parser;
        Responses = (MessageParser<TResponse>)method.OutputType.Parser;
    }

    /// <summary>"/package.Service/Method".</summary>
    public string Path { get; }

    public bool ClientStreams { get; }

    public bool ServerStreams { get; }

    public MessageParser<TRequest> Requests { get; }

    public MessageParser<TResponse> Responses { get; }
}
