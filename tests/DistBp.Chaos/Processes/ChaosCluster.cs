using System.Collections.Concurrent;
using DistBp.Chaos.Links;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Tests.Shared;

namespace DistBp.Chaos.Processes;

/// <summary>A coordinator, or two of which etcd elects one, and nodes with a worker and a server each, as processes; all that one says to another passes the <see cref="Network"/>.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    /// <summary>Of coordinators, with etcd: the least that etcd grants.</summary>
    public static readonly TimeSpan Lease = TimeSpan.FromSeconds(2);

    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromMilliseconds(100), AcceptablePause = TimeSpan.FromSeconds(1);

    /// <summary>A worker that comes back has another number.</summary>
    private const int MaxWorkers = 2000;

    private readonly ChaosFolder _folder;
    private readonly Dictionary<string, string> _environment = [];
    private readonly ConcurrentDictionary<string, CommandProcess> _processes = [];
    private readonly Dictionary<string, (int Port, LinkProxy Proxy)> _places = [];

    /// <param name="etcd">Null: there is one coordinator, at a known address.</param>
    /// <param name="pace">What each gradient takes longer, by a timer: so that few cores are as many machines.</param>
    public ChaosCluster(ChaosFolder folder, int nodes, EtcdMembers? etcd, TimeSpan pace)
    {
        (_folder, Etcd) = (folder, etcd);
        if (pace > TimeSpan.Zero)
            _environment["DISTBP_SLOW_WORKER"] = string.Join(',', Enumerable.Range(0, MaxWorkers).Select(w => $"{w}:{pace.TotalMilliseconds:F0}"));
        Nodes = [.. Enumerable.Range(1, nodes).Select(i => $"n{i}")];
        Coordinators = etcd is null ? ["c0"] : ["c0", "c1"];
        string rendezvous = etcd is null ? "" : $$"""
            rendezvous { kind = "etcd", etcd { endpoints = [{{string.Join(", ", etcd.Endpoints.Select(e => $"\"{e}\""))}}], lease = {{Lease.TotalSeconds}}s } }
            """;
        File.WriteAllText(Settings, $$"""
            distbp {
              {{rendezvous}}
              failure-detector { heartbeat-interval = {{HeartbeatInterval.TotalMilliseconds}}ms, acceptable-pause = {{AcceptablePause.TotalMilliseconds}}ms }
              wire { shared-memory = off }
              storage { runs = "{{folder["runs"]}}" }
            }

            """);
        foreach (string name in (string[])[.. Coordinators, .. Nodes])
        {
            int port = FreePorts.Find(1)[0];
            _places.Add(name, (port, new LinkProxy(Network, name, port, Names)));
        }
    }

    public Network Network { get; } = new();

    public IReadOnlyList<string> Nodes { get; }

    /// <summary>Nodes with that role alone.</summary>
    public IReadOnlyList<string> Coordinators { get; }

    /// <summary>Null: there is none.</summary>
    public EtcdMembers? Etcd { get; }

    /// <summary>The coordinator keeps what it needs to go on after its death.</summary>
    public bool KeepsState => Etcd is not null || Directory.EnumerateFiles(StateOf(Coordinators[0]), "*.state", SearchOption.AllDirectories).Any();

    public CommandProcess this[string name] => _processes[name];

    /// <summary>Starts a node, or the coordinator, which is not running.</summary>
    public void Start(string name)
    {
        Directory.CreateDirectory(StateOf(name));
        string[] role = Coordinators.Contains(name) ? ["--roles", "coordinator"]
            : ["--roles", "worker,server", "--workers", "1", .. Etcd is null ? (string[])["--coordinator", $"127.0.0.1:{_places[Coordinators[0]].Proxy.Port}"] : []];
        _processes[name] = CommandProcess.Start(
            _folder.Path, _folder[$"{name}.log"], _environment,
            [
                "node", "--name", name, "--config", Settings, "--listen", $"127.0.0.1:{_places[name].Port}",
                "--advertise", $"127.0.0.1:{_places[name].Proxy.Port}", "--state", StateOf(name), .. role,
            ]);
    }

    /// <summary>Where there is one coordinator this program calls it past the network's faults.</summary>
    public ClusterClient Client()
    {
        ClusterConfiguration settings = ClusterConfiguration.Read(Settings);
        return Etcd is null ? new ClusterClient(new NodeAddress("127.0.0.1", _places[Coordinators[0]].Port), settings, meansNamed: false)
            : new ClusterClient(settings, meansNamed: false);
    }

    public async Task KillAsync(string name) => await _processes[name].DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (CommandProcess process in _processes.Values) await process.DisposeAsync();
        foreach ((_, LinkProxy proxy) in _places.Values) await proxy.DisposeAsync();
    }

    private string Settings => _folder["cluster.hocon"];

    private string StateOf(string name) => _folder[$"state-{name}"];

    private Dictionary<int, string> Names() => _processes.ToDictionary(p => p.Value.Id, p => p.Key);
}
