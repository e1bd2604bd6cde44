using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Hocon;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;

namespace DistBp.Cluster.Configuration;

/// <summary>What cluster.hocon says about the machines, as a job file says what to train.</summary>
public sealed record ClusterConfiguration(NodeConfiguration Node, StorageConfiguration Storage)
{
    private const string ComesWithClusters = "comes with clusters, which this version does not have yet";

    public static readonly ClusterConfiguration Default =
        new(new NodeConfiguration(Environment.MachineName, Workers: 0), new StorageConfiguration(Runs: "runs"));

    private static readonly MapForm<ClusterConfiguration> Form = new(Default, (f, c) =>
    {
        f.NotAvailable(ComesWithClusters, "akka");
        return f.Field("distbp", c, new MapForm<ClusterConfiguration>(c, Describe), required: true);
    },
    sample: "distbp { node { workers = 2 } }");

    /// <exception cref="UserException">What is wrong: a syntax error alone, unknown keys and wrong values all at once.</exception>
    public static ClusterConfiguration Read(string path) => Parse(HoconReader.ReadFile(path, Environment.GetEnvironmentVariable));

    internal static ClusterConfiguration Parse(MapNode root)
    {
        var problems = new ProblemList();
        ClusterConfiguration configuration = Form.Read(root, new Place("", problems), Default);
        problems.ThrowIfAny();
        return configuration;
    }

    private static ClusterConfiguration Describe(IFields f, ClusterConfiguration configuration)
    {
        configuration = configuration with
        {
            Node = f.Field("node", configuration.Node, new MapForm<NodeConfiguration>(configuration.Node, DescribeNode)),
            Storage = f.Field("storage", configuration.Storage, new MapForm<StorageConfiguration>(configuration.Storage, DescribeStorage)),
        };
        f.NotAvailable(ComesWithClusters, "cluster", "rendezvous", "failure-detector", "wire", "tls");
        return configuration;
    }

    private static NodeConfiguration DescribeNode(IFields f, NodeConfiguration node)
    {
        f.NotAvailable(ComesWithClusters, "roles", "listen", "advertise");
        return node with
        {
            Name = f.Field("name", node.Name, TextForm.Name),
            Workers = f.Field("workers", node.Workers, Numbers.Count(0, 1024, sample: 2)),
        };
    }

    private static StorageConfiguration DescribeStorage(IFields f, StorageConfiguration storage)
    {
        f.NotAvailable(ComesWithClusters, "state");
        return storage with { Runs = f.Field("runs", storage.Runs, TextForm.Path) };
    }
}

/// <param name="Name">Of this process in messages and in the cluster.</param>
/// <param name="Workers">Worker actors; 0: one a core.</param>
public sealed record NodeConfiguration(string Name, int Workers);

/// <param name="Runs">The folder under which runs get theirs, relative to the current folder.</param>
public sealed record StorageConfiguration(string Runs);
