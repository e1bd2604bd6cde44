using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using DistBp.Chaos.Links;
using DistBp.Cluster.Configuration;

namespace DistBp.Chaos.Processes;

/// <summary>A coordinator and nodes with a worker and a server each, as processes; all that one says to another passes the <see cref="Network"/>.</summary>
internal sealed class ChaosCluster : IAsyncDisposable
{
    public const string CoordinatorName = "c0";

    public static readonly TimeSpan HeartbeatInterval = TimeSpan.FromMilliseconds(100), AcceptablePause = TimeSpan.FromSeconds(1);

    /// <summary>A worker that comes back has another number.</summary>
    private const int MaxWorkers = 2000;

    private readonly ChaosFolder _folder;
    private readonly Dictionary<string, string> _environment = [];
    private readonly ConcurrentDictionary<string, CommandProcess> _processes = [];
    private readonly Dictionary<string, (int Port, LinkProxy Proxy)> _places = [];

    /// <param name="pace">What each gradient takes longer, by a timer: so that few cores are as many machines.</param>
    public ChaosCluster(ChaosFolder folder, int nodes, TimeSpan pace)
    {
        _folder = folder;
        if (pace > TimeSpan.Zero)
            _environment["DISTBP_SLOW_WORKER"] = string.Join(',', Enumerable.Range(0, MaxWorkers).Select(w => $"{w}:{pace.TotalMilliseconds:F0}"));
        Nodes = [.. Enumerable.Range(1, nodes).Select(i => $"n{i}")];
        File.WriteAllText(folder["cluster.hocon"], $$"""
            distbp {
              failure-detector { heartbeat-interval = {{HeartbeatInterval.TotalMilliseconds}}ms, acceptable-pause = {{AcceptablePause.TotalMilliseconds}}ms }
              wire { shared-memory = off }
              storage { runs = "{{folder["runs"]}}" }
            }

            """);
        foreach (string name in (string[])[CoordinatorName, .. Nodes])
        {
            int port = FreePort();
            _places.Add(name, (port, new LinkProxy(Network, name, port, Names)));
        }
    }

    public Network Network { get; } = new();

    public IReadOnlyList<string> Nodes { get; }

    /// <summary>Where this program calls the coordinator, past the network's faults.</summary>
    public NodeAddress Address => new("127.0.0.1", _places[CoordinatorName].Port);

    /// <summary>The coordinator keeps what it needs to go on after its death.</summary>
    public bool KeepsState => Directory.EnumerateFiles(StateOf(CoordinatorName), "*.state", SearchOption.AllDirectories).Any();

    public CommandProcess this[string name] => _processes[name];

    /// <summary>Starts a node, or the coordinator, which is not running.</summary>
    public void Start(string name)
    {
        Directory.CreateDirectory(StateOf(name));
        string[] role = name == CoordinatorName
            ? ["--roles", "coordinator"]
            : ["--roles", "worker,server", "--workers", "1", "--coordinator", $"127.0.0.1:{_places[CoordinatorName].Proxy.Port}"];
        _processes[name] = CommandProcess.Start(
            _folder.Path, _folder[$"{name}.log"], _environment,
            [
                "node", "--name", name, "--config", _folder["cluster.hocon"], "--listen", $"127.0.0.1:{_places[name].Port}",
                "--advertise", $"127.0.0.1:{_places[name].Proxy.Port}", "--state", StateOf(name), .. role,
            ]);
    }

    public async Task KillAsync(string name) => await _processes[name].DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (CommandProcess process in _processes.Values) await process.DisposeAsync();
        foreach ((_, LinkProxy proxy) in _places.Values) await proxy.DisposeAsync();
    }

    private string StateOf(string name) => _folder[$"state-{name}"];

    private Dictionary<int, string> Names() => _processes.ToDictionary(p => p.Value.Id, p => p.Key);

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
