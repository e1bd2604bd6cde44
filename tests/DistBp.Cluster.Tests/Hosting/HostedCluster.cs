using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Tests.Storage;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Tests.Hosting;

/// <summary>A coordinator and nodes that train, in this process, over real sockets of the loopback.</summary>
internal sealed class HostedCluster : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<ClusterNode> _nodes = [];
    private readonly HashSet<ClusterNode> _killed = [];
    private readonly CancellationTokenSource _leave = new();
    private ClusterConfiguration _configuration = ClusterConfiguration.Default;
    private Func<ClusterConfiguration, IRendezvous>? _rendezvous;
    private Action<string> _tell = _ => { };

    /// <param name="members">Nodes with a worker and a server.</param>
    /// <param name="rendezvous">Null: static.</param>
    public static async Task<HostedCluster> StartAsync(
        int members, bool sharedMemory, Func<ClusterConfiguration, IRendezvous>? rendezvous = null, Action<string>? tell = null)
    {
        var cluster = new HostedCluster { _rendezvous = rendezvous };
        if (tell is not null) cluster._tell = tell;
        cluster._configuration = ClusterConfiguration.Default with
        {
            // Who is killed is lost by his broken connections, and nobody else on a busy machine.
            FailureDetector = new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(30)),
            Storage = new StorageConfiguration(cluster._folder["state"], cluster._folder["runs"]),
            Wire = ClusterConfiguration.Default.Wire with { SharedMemory = sharedMemory },
        };
        ClusterNode coordinator = await cluster.StartNodeAsync("c0", NodeRoles.Coordinator);
        cluster._configuration = cluster._configuration with { Rendezvous = cluster._configuration.Rendezvous with { Coordinator = coordinator.Endpoint } };
        for (int i = 1; i <= members; i++) await cluster.StartNodeAsync($"n{i}", NodeRoles.Worker | NodeRoles.Server);
        return cluster;
    }

    public NodeAddress Coordinator => _configuration.Rendezvous.Coordinator;

    public ClusterClient Client() => new(_configuration.Rendezvous.Coordinator, _configuration, meansNamed: false);

    /// <summary>As a process that dies: nothing is said, the sockets close.</summary>
    /// <param name="member">From 1.</param>
    public async Task KillAsync(int member)
    {
        if (_killed.Add(_nodes[member])) await _nodes[member].DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        for (int node = _nodes.Count - 1; node >= 0; node--) await KillAsync(node);
        _leave.Dispose();
        _folder.Dispose();
    }

    private async Task<ClusterNode> StartNodeAsync(string name, NodeRoles roles)
    {
        ClusterConfiguration configuration = _configuration with
        {
            Node = _configuration.Node with { Name = name, Roles = roles, Listen = NodeAddress.Parse("127.0.0.1:0", "test"), Advertise = null, Workers = 1 },
        };
        ClusterNode node = await ClusterNode.StartAsync(configuration, ClusterRunner.Create, _tell, rendezvous: _rendezvous?.Invoke(configuration));
        _ = node.RunAsync(_leave.Token);
        _nodes.Add(node);
        return node;
    }
}
