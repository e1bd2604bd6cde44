using DistBp.Cluster.Configuration;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Nodes;

/// <summary>What a node that is no coordinator answers to who takes it for one: whom to ask.</summary>
internal sealed class ElsewhereService(NodeAddress coordinator)
{
    public void AddTo(GrpcServices services)
    {
        services.DuplexStreaming(ControlMethods.Join, (_, _, _) => throw Elsewhere());
        services.Unary(ControlMethods.Submit, (_, _) => throw Elsewhere());
        services.Unary(ControlMethods.Cancel, (_, _) => throw Elsewhere());
        services.ServerStreaming(ControlMethods.Watch, (_, _, _) => throw Elsewhere());
        services.ServerStreaming(ControlMethods.Fetch, (_, _, _) => throw Elsewhere());
        services.Unary(ControlMethods.GetStatus, (_, _) => throw Elsewhere());
    }

    private RpcException Elsewhere() => new(StatusCode.FailedPrecondition, $"this node is not the coordinator, which is at {coordinator}");
}
