using System.CommandLine;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Nodes.Clients;

namespace DistBp.Cli.Verbs;

/// <summary>How verbs are told which cluster they are about: --cluster and --config.</summary>
internal static class ClusterFlags
{
    private const string Name = "--cluster";

    /// <summary>Null where the flag is not given.</summary>
    public static Option<ClusterChoice?> Cluster()
    {
        var option = new Option<ClusterChoice?>(Name)
        {
            Description = "The cluster: its coordinator's address (with Akka.Cluster, any node's); or etcd, which knows where it is now.",
            HelpName = "ADDR",
            CustomParser = result =>
            {
                string text = result.Tokens[0].Value;
                if (text == ClusterChoice.EtcdWord) return new ClusterChoice(Address: null);
                if (NodeAddress.TryParse(text, out NodeAddress? address)) return new ClusterChoice(address);
                result.AddError($"{Name} takes an address ({NodeAddress.Form}), not \"{text}\"; or etcd");
                return null;
            },
        };
        option.CompletionSources.Add(ClusterChoice.EtcdWord);
        return option;
    }

    /// <summary>For verbs that are about a cluster anyway: without the flag the settings of this machine say which.</summary>
    public static void RequireCluster(Command verb, Option<ClusterChoice?> cluster, Option<string?> config) => verb.Validators.Add(result =>
    {
        if (result.GetResult(cluster) is null && MachineSettings.FileOf(Flags.ValueOf(result, config)) is null) result.AddError($"{Name} is missing");
    });

    public static Option<string?> Config() => Flags.Text(
        "--config", "FILE", $"The settings of this machine; default: {MachineSettings.DefaultFile} in the current folder, if there is one.");

    /// <param name="choice">Null: as the settings say.</param>
    /// <param name="config">The file that is named, or null.</param>
    public static ClusterClient Connect(ClusterChoice? choice, string? config)
    {
        ClusterConfiguration machine = MachineSettings.Read(config);
        bool meansNamed = MachineSettings.FileOf(config) is not null;
        if (choice is { Address: { } address }) return new ClusterClient(address, machine, meansNamed);
        if (choice is not null) machine = machine with { Rendezvous = machine.Rendezvous with { Kind = RendezvousKind.Etcd } };
        return new ClusterClient(machine, meansNamed);
    }
}
