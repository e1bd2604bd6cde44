using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using Akka.Actor;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Runs;
using DistBp.Protocol.Membership;
using DistBp.Tests.Shared;

namespace DistBp.Akka.Tests;

/// <summary>Three nodes of an Akka cluster in this process, by deploy/akka.hocon, whose Akka.Remote can be made to carry nothing.</summary>
internal sealed class AkkaNodes : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("distbp-akka-");
    private readonly ConcurrentQueue<string> _told = new();
    private readonly CancellationTokenSource _leave = new();
    private readonly List<(AkkaRendezvous Rendezvous, ClusterNode Node, Task Running)> _nodes = [];
    private readonly HashSet<int> _ended = [];
    private readonly List<ControlLanes> _lanes = [];
    private readonly int[] _ports = FreePorts.Find(6);
    private readonly NodeRoles _firstRoles;

    private AkkaNodes(NodeRoles firstRoles) => _firstRoles = firstRoles;

    /// <summary>What all of them have said, line by line.</summary>
    public string Told => string.Join('\n', _told);

    /// <param name="firstRoles">Of n0, beside the coordinator's. The others are all three.</param>
    public static async Task<AkkaNodes> StartAsync(NodeRoles firstRoles)
    {
        var nodes = new AkkaNodes(firstRoles);
        for (int i = 0; i < 3; i++) await nodes.StartAsync(i);
        await nodes.ToldAsync("n2: joined the coordinator n0");
        return nodes;
    }

    public ActorSystem System(int node) => _nodes[node].Rendezvous.System;

    public Address AddressOf(int node) => global::Akka.Cluster.Cluster.Get(System(node)).SelfAddress;

    public ControlLanes Lanes(int node) => _lanes[node];

    /// <summary>Until the node has ended by itself, as its process would.</summary>
    public async Task EndAsync(int node)
    {
        await _nodes[node].Running.WaitAsync(Patience);
        await _nodes[node].Node.DisposeAsync();
        _ended.Add(node);
    }

    public ClusterClient Client(int of) => new(_nodes[of].Node.Endpoint, Configuration(of), meansNamed: true);

    /// <summary>Of one process, without a cluster.</summary>
    public async Task<string> ReferenceAsync(JobDescription job)
    {
        var options = new TrainingOptions { Workers = 1, Servers = 1, OutFolder = Path.Combine(_folder.FullName, "reference") };
        return (await TrainingSession.RunAsync(job, options, [], CancellationToken.None)).WeightsSha256;
    }

    /// <param name="words">Any of them.</param>
    public async Task ToldAsync(params string[] words)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!_told.Any(l => words.Any(w => l.Contains(w, StringComparison.Ordinal))))
        {
            await Task.Delay(50, CancellationToken.None);
            if (limit.IsCancellationRequested) throw new TimeoutException($"nobody said \"{string.Join("\" or \"", words)}\"");
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _leave.CancelAsync();
        for (int i = _nodes.Count - 1; i >= 0; i--)
        {
            if (_ended.Contains(i)) continue;
            // Its error is looked at by who expects one.
            await Task.WhenAny(_nodes[i].Running, Task.Delay(Patience, CancellationToken.None));
            await _nodes[i].Node.DisposeAsync();
        }
        _leave.Dispose();
        _folder.Delete(recursive: true);
    }

    private async Task StartAsync(int index)
    {
        ClusterConfiguration c = Configuration(index);
        string file = Path.Combine(_folder.FullName, $"n{index}.hocon");
        // The example's settings, and an adapter that can make the net carry nothing.
        string akka = await File.ReadAllTextAsync(Example(), CancellationToken.None);
        for (int seed = 5610; seed <= 5612; seed++) akka = akka.Replace($"akka.tcp://distbp@127.0.0.1:{seed}", $"akka.trttl.tcp://distbp@127.0.0.1:{_ports[1]}", StringComparison.Ordinal);
        await File.WriteAllTextAsync(
            file, akka.Replace("port = 5610", $"port = {_ports[(2 * index) + 1]}, applied-adapters = [trttl]", StringComparison.Ordinal), CancellationToken.None);
        void Tell(string line) => _told.Enqueue($"n{index}: {line}");
        var rendezvous = new AkkaRendezvous(c, file, Tell);
        ClusterNode node = await ClusterNode.StartAsync(c, Parts, Tell, rendezvous: rendezvous);
        _nodes.Add((rendezvous, node, node.RunAsync(_leave.Token)));
        await ToldAsync($"n{index}: joined the coordinator");
    }

    private NodeParts Parts(NodeContext node)
    {
        _lanes.Add(node.Lanes);
        return ClusterRunner.Create(node);
    }

    private ClusterConfiguration Configuration(int index) => ClusterConfiguration.Default with
    {
        Node = new NodeConfiguration(
            $"n{index}", NodeRoles.Coordinator | (index == 0 ? _firstRoles : NodeRoles.Server | NodeRoles.Worker), new NodeAddress("127.0.0.1", _ports[2 * index]), null, 1),
        Rendezvous = ClusterConfiguration.Default.Rendezvous with { Kind = RendezvousKind.Akka },
        Storage = new StorageConfiguration(Path.Combine(_folder.FullName, $"state-{index}"), Path.Combine(_folder.FullName, "runs")),
    };

    private static string Example([CallerFilePath] string path = "") => Path.Combine(Path.GetDirectoryName(path)!, "..", "..", "deploy", "akka.hocon");
}
