using System.Net;
using DistBp.Cluster.Wire.Data;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Tests.Wire.Data;

/// <summary>A node that gives files of job 7, and a peer that asks it.</summary>
internal sealed class DataNode : IAsyncDisposable
{
    public const long Job = 7;
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private readonly GrpcServer _server;
    private readonly GrpcChannel _channel;

    private DataNode(string name, GrpcServer server, SharedFiles files, TimeSpan patience)
    {
        (_server, Files) = (server, files);
        _channel = new GrpcChannel(new Uri($"http://{server.Address}"), GrpcLimits.Default);
        Peer = new DataPeer(name, _channel, Job, Metadata.Empty, patience);
    }

    public SharedFiles Files { get; }

    public DataPeer Peer { get; }

    public GrpcChannel Channel => _channel;

    /// <param name="addMethods">Null: the data service.</param>
    public static async Task<DataNode> StartAsync(string name, SharedFile[] files, Action<GrpcServices>? addMethods = null, TimeSpan? patience = null)
    {
        var shared = new SharedFiles();
        shared.Share(Job, files);
        GrpcServer server = await GrpcServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), GrpcLimits.Default, addMethods ?? new DataService(shared).AddTo, e => Assert.Fail(e.ToString()));
        return new DataNode(name, server, shared, patience ?? Patience);
    }

    public async ValueTask DisposeAsync()
    {
        _channel.Dispose();
        await _server.DisposeAsync();
    }
}
