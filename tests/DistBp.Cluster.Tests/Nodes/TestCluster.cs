using System.Collections.Concurrent;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Tests.Storage;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Tests.Nodes;

/// <summary>Nodes in this process, over real sockets of the loopback.</summary>
internal sealed class TestCluster : IAsyncDisposable
{
    public const string Secret = "correct horse";

    /// <summary>Turns a hang into a failure.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly ConcurrentStack<TestNode> _nodes = [];

    /// <summary>Of the coordinator, which runs jobs so.</summary>
    public FakeRunner Runner { get; } = new();

    public TestNode Coordinator { get; private set; } = null!;

    public ClusterConfiguration Configuration { get; private set; } = null!;

    public string RunsFolder => _folder["runs"];

    public static async Task<TestCluster> StartAsync(NodeRoles roles = NodeRoles.Coordinator, string listen = "127.0.0.1:0", FailureDetectorConfiguration? detection = null)
    {
        var cluster = new TestCluster();
        cluster.Configuration = ClusterConfiguration.Default with
        {
            Cluster = new NamingConfiguration("test", new ClusterSecret(Secret)),
            FailureDetector = detection ?? new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(1)),
            Storage = new StorageConfiguration(cluster._folder["state"], cluster.RunsFolder),
        };
        cluster.Coordinator = await cluster.StartNodeAsync("c0", roles, listen);
        cluster.Configuration = cluster.Configuration with
        {
            Rendezvous = cluster.Configuration.Rendezvous with { Coordinator = cluster.Coordinator.Node.Endpoint },
        };
        return cluster;
    }

    /// <summary>Another coordinator at the same address, with the same state, once the one before is gone.</summary>
    public async Task RestartCoordinatorAsync()
    {
        string address = Coordinator.Node.Endpoint.ToString();
        await Coordinator.DisposeAsync();
        Coordinator = await StartNodeAsync("c0", NodeRoles.Coordinator, address);
    }

    public Task<TestNode> StartMemberAsync(string name, ClusterConfiguration? configuration = null) =>
        StartNodeAsync(name, NodeRoles.Worker | NodeRoles.Server, "127.0.0.1:0", configuration);

    public ClusterClient Client(string secret = Secret, string? name = null) =>
        new(Coordinator.Node.Endpoint, Configuration with { Cluster = new NamingConfiguration(name ?? "test", new ClusterSecret(secret)) }, meansNamed: name is not null);

    public async ValueTask DisposeAsync()
    {
        foreach (TestNode node in _nodes) await node.DisposeAsync();
        Runner.Dispose();
        _folder.Dispose();
    }

    private async Task<TestNode> StartNodeAsync(string name, NodeRoles roles, string listen, ClusterConfiguration? configuration = null)
    {
        configuration ??= Configuration;
        configuration = configuration with
        {
            Node = configuration.Node with { Name = name, Roles = roles, Listen = NodeAddress.Parse(listen, "test"), Advertise = null, Workers = 1 },
        };
        TestNode node = await TestNode.StartAsync(configuration, Runner);
        _nodes.Push(node);
        return node;
    }
}

/// <summary>A node, what it tells, and how it ends.</summary>
internal sealed class TestNode : IAsyncDisposable
{
    private readonly CancellationTokenSource _leave = new();
    private readonly BlockingCollection<string> _lines = [];
    private bool _disposed;

    public ClusterNode Node { get; private set; } = null!;

    public Task Running { get; private set; } = null!;

    public ConcurrentQueue<NodeAdmission> Admissions { get; } = [];

    /// <summary>What it says that it takes part in.</summary>
    public IReadOnlyList<JobPart> Hosted { get; set; } = [];

    /// <summary>What it says that it is at.</summary>
    public string Work { get; set; } = "";

    public string[] Lines => [.. _lines];

    public static async Task<TestNode> StartAsync(ClusterConfiguration configuration, FakeRunner runner)
    {
        var node = new TestNode();
        node.Node = await ClusterNode.StartAsync(
            configuration, _ => new NodeParts(runner.RunAsync) { Admitted = node.Admissions.Enqueue, Hosted = () => node.Hosted, Describe = () => node.Work }, node._lines.Add);
        node.Running = node.Node.RunAsync(node._leave.Token);
        return node;
    }

    /// <summary>Waits for a line that was not waited for before.</summary>
    public async Task<string> LineAsync(string text)
    {
        long begin = Environment.TickCount64;
        while (Environment.TickCount64 - begin < TestCluster.Patience.TotalMilliseconds)
        {
            while (_lines.TryTake(out string? line))
                if (line.Contains(text, StringComparison.Ordinal)) return line;
            if (Running.IsFaulted) await Running;
            await Task.Delay(5);
        }
        throw new TimeoutException($"no line with \"{text}\" came");
    }

    public Task LeaveAsync()
    {
        _leave.Cancel();
        return Running.WaitAsync(TestCluster.Patience);
    }

    /// <summary>As a process that is killed: nothing is said, the sockets close.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        await Node.DisposeAsync();
        _leave.Dispose();
        _lines.Dispose();
    }
}
