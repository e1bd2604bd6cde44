using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Configuration.Forms;
using DistBp.Cluster.Configuration.Hocon;
using DistBp.Cluster.Configuration.Nodes;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Configuration;

/// <summary>What cluster.hocon says about the machines, as a job file says what to train.</summary>
public sealed record ClusterConfiguration(
    NamingConfiguration Cluster, NodeConfiguration Node, RendezvousConfiguration Rendezvous, FailureDetectorConfiguration FailureDetector,
    WireConfiguration Wire, TlsConfiguration Tls, StorageConfiguration Storage)
{
    private static readonly NodeAddress DefaultAddress = new("127.0.0.1", 5600);

    public static readonly ClusterConfiguration Default = new(
        new NamingConfiguration("distbp", ClusterSecret.None),
        new NodeConfiguration(Environment.MachineName, NodeRoles.Worker | NodeRoles.Server, DefaultAddress, Advertise: null, Workers: 0),
        new RendezvousConfiguration(RendezvousKind.Static, DefaultAddress, EtcdConfiguration.Default),
        new FailureDetectorConfiguration(TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(2)),
        new WireConfiguration(4 << 20, SharedMemory: true),
        new TlsConfiguration("", "", ""),
        new StorageConfiguration(State: "state", Runs: "runs"));

    private static readonly MapForm<ClusterConfiguration> Form = new(Default, (f, c) =>
    {
        // The Akka host's own, whatever is in it.
        f.Skip("akka");
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

    private static ClusterConfiguration Describe(IFields f, ClusterConfiguration c) => c with
    {
        Cluster = Group(f, "cluster", c.Cluster, NamingConfiguration.Describe),
        Node = Group(f, "node", c.Node, NodeConfiguration.Describe),
        Rendezvous = Group(f, "rendezvous", c.Rendezvous, RendezvousConfiguration.Describe),
        FailureDetector = Group(f, "failure-detector", c.FailureDetector, FailureDetectorConfiguration.Describe),
        Wire = Group(f, "wire", c.Wire, WireConfiguration.Describe),
        Tls = Group(f, "tls", c.Tls, TlsConfiguration.Describe),
        Storage = Group(f, "storage", c.Storage, StorageConfiguration.Describe),
    };

    private static T Group<T>(IFields f, string key, T value, Func<IFields, T, T> describe) => f.Field(key, value, new MapForm<T>(value, describe));
}
