using System.Net;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Cluster.Wire.Members;
using DistBp.Cluster.Wire.Members.Contract;
using Introduction = DistBp.Cluster.Wire.Control.Introduction;

namespace DistBp.Cluster.Tests.Hosting;

/// <summary>A node that joins, takes part in any job, and lets no other node of it link to it: as one that freezes in between.</summary>
internal sealed class MuteNode : IAsyncDisposable
{
    public const string Name = "mute";

    private readonly GrpcServer _server;
    private readonly GrpcChannel _channel;
    private readonly ClientCall<Heartbeat, ClusterNews> _membership;

    private MuteNode(GrpcServer server, GrpcChannel channel, ClientCall<Heartbeat, ClusterNews> membership) =>
        (_server, _channel, _membership) = (server, channel, membership);

    /// <param name="coordinator">The only node that gets a link to this one.</param>
    /// <param name="called">Is told which other node asks for a link.</param>
    public static async Task<MuteNode> JoinAsync(NodeAddress coordinator, string coordinatorName, Action<string> called)
    {
        GrpcServer server = await GrpcServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), GrpcLimits.Default,
            services =>
            {
                services.Unary(HostingMethods.Enlist, (_, _) => Task.FromResult(new Enlisted()));
                services.Unary(HostingMethods.Introduce, (_, _) => Task.FromResult(new Introduced()));
                services.Raw(DeliveryService.Path, async (_, pipe, call) =>
                {
                    string node = call.Metadata.Get(ClusterTransport.NodeKey)!;
                    if (node == coordinatorName)
                        await new MessageWriter<Receipt>(pipe).WriteAsync(new Receipt { Admission = new() { Node = node } }, call.Cancellation);
                    else
                        called(node);
                    await Task.Delay(Timeout.Infinite, call.Cancellation);
                });
            },
            _ => { });
        var channel = new GrpcChannel(coordinator.Uri, GrpcLimits.Default);
        ClientCall<Heartbeat, ClusterNews> membership = channel.Call(ControlMethods.Join, new CallCredentials(ClusterConfiguration.Default.Cluster).Metadata);
        var introduction = new Introduction
        {
            Name = Name, Incarnation = 1, Address = $"127.0.0.1:{server.Address.Port}", Workers = 1, Roles = { NodeRole.Worker, NodeRole.Server },
        };
        await membership.WriteAsync(new Heartbeat { Introduction = introduction });
        await membership.ReadAsync();
        return new MuteNode(server, channel, membership);
    }

    /// <summary>Its membership ends; who waits for its answers goes on waiting.</summary>
    public void BeLost() => _membership.Dispose();

    public async ValueTask DisposeAsync()
    {
        _membership.Dispose();
        _channel.Dispose();
        await _server.DisposeAsync();
    }
}
