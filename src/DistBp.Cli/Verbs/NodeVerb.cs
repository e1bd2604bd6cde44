using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Processes;
using DistBp.Protocol.Membership;

namespace DistBp.Cli.Verbs;

/// <summary>distbp node: this machine's part in a cluster, until it is told to go.</summary>
internal static class NodeVerb
{
    private static readonly Option<string?> Config = ClusterFlags.Config();
    private static readonly Option<string?> Name = Flags.Text("--name", "NAME", "Of this node in the cluster; default: the machine's.");
    private static readonly Option<string?> Roles = Flags.Text("--roles", "ROLES", "worker, server and coordinator, with commas; default: worker,server.");
    private static readonly Option<NodeAddress?> Listen = Flags.Address("--listen", "Where this node listens; port 0: a free one; default: 127.0.0.1:5600.");
    private static readonly Option<NodeAddress?> Advertise = Flags.Address("--advertise", "Where other nodes call this one; default: where it listens.");
    private static readonly Option<NodeAddress?> Coordinator = Flags.Address("--coordinator", "The cluster's coordinator; default: 127.0.0.1:5600.");
    private static readonly Option<int> Workers = Flags.Count("--workers", NodeConfiguration.MaxWorkers, "Workers that this node offers; default: one a core.");
    private static readonly Option<string?> State = Flags.Text("--state", "DIR", "What this node keeps for itself; default: state.");

    /// <summary>For `distbp train --processes`: ends when standard input ends, and takes the secret from the parent.</summary>
    private static readonly Option<bool> WithParent = new("--with-parent") { Hidden = true };

    public static Command Create()
    {
        var verb = new Command("node", "Takes part in a cluster, until it is told to go (Ctrl-C, SIGTERM).")
        {
            Config, Name, Roles, Listen, Advertise, Coordinator, Workers, State, WithParent,
        };
        Roles.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && NodeRolesText.Parse(result.Tokens[0].Value) is null)
                result.AddError($"--roles takes worker, server and coordinator, with commas between them, not \"{result.Tokens[0].Value}\"");
        });
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, """
            distbp node --name c0 --roles coordinator --listen 127.0.0.1:5600
            distbp node --name a1 --listen 127.0.0.1:0 --coordinator 127.0.0.1:5600
            DISTBP_SECRET=... distbp node --listen 0.0.0.0:5600 --advertise a1.example:5600 --coordinator c0.example:5600
            distbp train job.yaml --cluster 127.0.0.1:5600
            """);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        ClusterConfiguration configuration = Configure(parsed);
        using var lines = new LineDisplay(Console.Error, warningsOnly: false, statistics: false);
        // From the start: who has read that the node listens may tell it to go.
        using Interruption? interruption = parsed.GetValue(WithParent) ? null : new Interruption(lines.Tell, () => { }, "leaving the cluster; once more to exit at once");
        ClusterNode node = await StartAsync(configuration, MachineSettings.FileOf(parsed.GetValue(Config)), lines.Tell).ConfigureAwait(false);
        await using (node.ConfigureAwait(false))
        {
            lines.Tell(ReadyLine(configuration, node));
            if (interruption is null)
            {
                await ChildLife.RunAsync(node).ConfigureAwait(false);
            }
            else
            {
                await node.RunAsync(interruption.Token).ConfigureAwait(false);
                lines.Tell("left");
            }
        }
        return 0;
    }

#if AKKA_CLUSTER
    private static Task<ClusterNode> StartAsync(ClusterConfiguration c, string? file, Action<string> tell) =>
        c.Rendezvous.Kind == RendezvousKind.Akka ? DistBp.Akka.AkkaNode.StartAsync(c, file, tell) : ClusterNode.StartAsync(c, tell);
#else
    private static Task<ClusterNode> StartAsync(ClusterConfiguration c, string? file, Action<string> tell) => ClusterNode.StartAsync(c, tell);
#endif

    private static string ReadyLine(ClusterConfiguration c, ClusterNode node)
    {
        string coordinator = c.Rendezvous.Kind switch
        {
            RendezvousKind.Etcd => $"elected by etcd at {string.Join(", ", c.Rendezvous.Etcd.Endpoints)}",
            RendezvousKind.Akka => "the singleton of an Akka cluster",
            _ => (c.Node.Roles.HasFlag(NodeRoles.Coordinator) ? node.Endpoint : c.Rendezvous.Coordinator).ToString(),
        };
        return $"distbp node {c.Node.Name} listens on {node.Endpoint}, roles {NodeRolesText.Of(c.Node.Roles)}, coordinator {coordinator}";
    }

    private static ClusterConfiguration Configure(ParseResult parsed)
    {
        ClusterConfiguration c = MachineSettings.Read(parsed.GetValue(Config));
        bool withParent = parsed.GetValue(WithParent);
        int workers = parsed.GetValue(Workers);
        return c with
        {
            Cluster = withParent ? c.Cluster with { Secret = ParentPipe.Secret } : c.Cluster,
            Node = c.Node with
            {
                Name = parsed.GetValue(Name) ?? c.Node.Name,
                Roles = parsed.GetValue(Roles) is { } roles ? NodeRolesText.Parse(roles)!.Value : c.Node.Roles,
                Listen = parsed.GetValue(Listen) ?? c.Node.Listen,
                Advertise = withParent ? null : parsed.GetValue(Advertise) ?? c.Node.Advertise,
                Workers = workers > 0 ? workers : c.Node.Workers,
            },
            Rendezvous = parsed.GetValue(Coordinator) is { } coordinator
                ? c.Rendezvous with { Kind = RendezvousKind.Static, Coordinator = coordinator }
                : c.Rendezvous,
            Storage = c.Storage with { State = parsed.GetValue(State) ?? c.Storage.State },
        };
    }
}
