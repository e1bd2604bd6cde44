namespace DistBp.Cli.Tests;

/// <summary>A cluster of processes: a coordinator, and nodes that join it.</summary>
internal sealed class RunningCluster : IDisposable
{
    private readonly List<CommandRun> _nodes = [];

    /// <param name="roles">Of the coordinator's node.</param>
    public RunningCluster(TemporaryFolder folder, string roles = "coordinator")
    {
        Folder = folder;
        Coordinator = Start("c0", "--roles", roles, "--listen", "127.0.0.1:0");
        string ready = Coordinator.WaitForLine("listens on");
        Address = ready.Split("listens on ")[1].Split(',')[0];
    }

    public TemporaryFolder Folder { get; }

    public string Address { get; }

    public CommandRun Coordinator { get; }

    public CommandRun Join(string name, params string[] flags)
    {
        CommandRun node = Start(name, ["--listen", "127.0.0.1:0", "--coordinator", Address, "--workers", "1", .. flags]);
        node.WaitForLine("joined the coordinator c0");
        return node;
    }

    public void Dispose()
    {
        foreach (CommandRun node in Enumerable.Reverse(_nodes)) node.Dispose();
    }

    private CommandRun Start(string name, params string[] flags)
    {
        CommandRun node = CommandRun.Start(Folder, ["node", "--name", name, .. flags]);
        _nodes.Add(node);
        return node;
    }
}
