using DistBp.Cli.Tests.Deployment;
using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests.Akka;

/// <summary>Nodes that form an Akka cluster on this machine, each configured by deploy/akka.hocon with addresses of its own.</summary>
internal sealed class AkkaProcesses : IDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly int[] _ports;
    private readonly string _pause;
    private readonly Dictionary<string, CommandRun> _nodes = [];

    /// <param name="most">Nodes that there will be.</param>
    /// <param name="pause">For which a node may be silent. The file's own is for machines that are not as busy as those of tests.</param>
    public AkkaProcesses(TemporaryFolder folder, int most, string pause = "4s") => (_folder, _ports, _pause) = (folder, FreePorts.Find(2 * most), pause);

    public CommandRun this[string name] => _nodes[name];

    /// <summary>Where clients call the node.</summary>
    public string AddressOf(string name) => $"127.0.0.1:{_ports[2 * _nodes.Keys.ToList().IndexOf(name)]}";

    /// <summary>The next node; it is a member, or stands by, or is the coordinator, when this returns.</summary>
    public CommandRun Start(string name, string roles)
    {
        int index = _nodes.Count;
        string text = File.ReadAllText(DeployFolder.File("akka.hocon"))
            .Replace("127.0.0.1:5600", $"127.0.0.1:{_ports[2 * index]}", StringComparison.Ordinal)
            .Replace("acceptable-heartbeat-pause = 1s", $"acceptable-heartbeat-pause = {_pause}", StringComparison.Ordinal)
            .Replace("port = 5610", $"port = {_ports[(2 * index) + 1]}", StringComparison.Ordinal)
            .Replace("state = \"state\"", $"state = \"state-{name}\"", StringComparison.Ordinal);
        // The first node is every one's seed.
        for (int seed = 5610; seed <= 5612; seed++) text = text.Replace($":{seed}\"", $":{_ports[1]}\"", StringComparison.Ordinal);
        string config = _folder.Write($"n{index}.hocon", text);
        CommandRun node = CommandRun.StartWith(CommandRun.Paced, _folder, "node", "--config", config, "--name", name, "--roles", roles, "--workers", "1");
        _nodes[name] = node;
        node.WaitForLine(roles == "coordinator" ? "listens on" : "joined the coordinator");
        return node;
    }

    public void Kill(string name)
    {
        _nodes[name].Signal("KILL");
        _nodes[name].Wait();
    }

    public void Dispose()
    {
        foreach (CommandRun node in _nodes.Values) node.Dispose();
    }
}
