namespace DistBp.Cli.Tests;

/// <summary>A cluster of processes: a coordinator, and nodes that join it.</summary>
internal sealed class RunningCluster : IDisposable
{
    private readonly List<(string Name, CommandRun Run)> _nodes = [];
    private readonly string[] _flags;
    private readonly IReadOnlyDictionary<string, string> _environment;

    /// <param name="roles">Of the coordinator's node.</param>
    /// <param name="isPaced">Nodes take their time: <see cref="CommandRun.Paced"/>.</param>
    /// <param name="flags">Of every node.</param>
    public RunningCluster(TemporaryFolder folder, string roles = "coordinator", bool isPaced = false, params string[] flags)
    {
        (Folder, _flags, _environment) = (folder, flags, isPaced ? CommandRun.Paced : new Dictionary<string, string>());
        Coordinator = Start("c0", "--roles", roles, "--listen", "127.0.0.1:0");
        string ready = Coordinator.WaitForLine("listens on");
        Address = ready.Split("listens on ")[1].Split(',')[0];
    }

    public TemporaryFolder Folder { get; }

    public string Address { get; }

    /// <summary>The newest one.</summary>
    public CommandRun Coordinator { get; private set; }

    /// <summary>The newest node of that name.</summary>
    public CommandRun Node(string name) => _nodes.FindLast(n => n.Name == name).Run;

    public CommandRun Join(string name, params string[] flags)
    {
        CommandRun node = Start(name, ["--listen", "127.0.0.1:0", "--coordinator", Address, "--workers", "1", .. flags]);
        node.WaitForLine("joined the coordinator c0");
        return node;
    }

    /// <summary>Kills the coordinator, and starts another one at the same address and with the same state.</summary>
    /// <param name="meanwhile">Happens between the two.</param>
    public void RestartCoordinator(Action? meanwhile = null)
    {
        Coordinator.Signal("KILL");
        Coordinator.Wait();
        meanwhile?.Invoke();
        Coordinator = Start("c0", "--roles", "coordinator", "--listen", Address);
        Coordinator.WaitForLine("listens on");
    }

    public void Dispose()
    {
        foreach ((_, CommandRun node) in Enumerable.Reverse(_nodes)) node.Dispose();
    }

    private CommandRun Start(string name, params string[] flags)
    {
        CommandRun node = CommandRun.StartWith(_environment, Folder, ["node", "--name", name, .. flags, .. _flags]);
        _nodes.Add((name, node));
        return node;
    }
}
