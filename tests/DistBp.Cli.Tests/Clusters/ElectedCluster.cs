using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests.Clusters;

/// <summary>Three members of etcd, coordinators that they elect, and nodes that find the elected one, all as processes.</summary>
internal sealed class ElectedCluster : IAsyncDisposable
{
    private readonly List<(string Name, CommandRun Run)> _nodes = [];
    private readonly TemporaryFolder _folder;

    private ElectedCluster(TemporaryFolder folder, EtcdMembers etcd, int lease)
    {
        (_folder, Etcd) = (folder, etcd);
        string endpoints = string.Join(", ", etcd.Endpoints.Select(e => $"\"{e}\""));
        // Nobody is lost on a busy machine; who is killed is, for its connections break.
        Config = ["--config", folder.Write("etcd.hocon", $$"""
            distbp {
              cluster { name = "elected" }
              rendezvous { kind = "etcd", etcd { endpoints = [{{endpoints}}], prefix = "/test", lease = {{lease}}s } }
              failure-detector { acceptable-pause = 5s }
            }

            """)];
    }

    public EtcdMembers Etcd { get; }

    /// <summary>For every command that is to find the cluster.</summary>
    public string[] Config { get; }

    /// <summary>Of the train command: this cluster, and where the run is copied to.</summary>
    public string[] Here => ["--cluster", "etcd", .. Config, "--out", "run"];

    public CommandRun this[string name] => _nodes.FindLast(n => n.Name == name).Run;

    /// <param name="coordinators">They come forward one after the other: "c0" reigns first, then "c1".</param>
    /// <param name="lease">In seconds.</param>
    public static async Task<ElectedCluster> StartAsync(TemporaryFolder folder, int coordinators, string[] members, int lease = 3)
    {
        var cluster = new ElectedCluster(folder, await EtcdMembers.StartAsync(folder.File("etcd"), 3), lease);
        for (int i = 0; i < coordinators; i++) cluster.Start($"c{i}", "--roles", "coordinator").WaitForLine(i == 0 ? "the coordinator now" : "waiting behind");
        foreach (string member in members) cluster.Start(member, "--workers", "1").WaitForLine("joined the coordinator c0");
        return cluster;
    }

    public CommandRun Start(string name, params string[] flags)
    {
        CommandRun node = CommandRun.StartWith(CommandRun.Paced, _folder, ["node", "--name", name, "--listen", "127.0.0.1:0", "--state", $"state-{name}", .. Config, .. flags]);
        _nodes.Add((name, node));
        return node;
    }

    public async ValueTask DisposeAsync()
    {
        foreach ((_, CommandRun node) in Enumerable.Reverse(_nodes)) node.Dispose();
        await Etcd.DisposeAsync();
    }
}
