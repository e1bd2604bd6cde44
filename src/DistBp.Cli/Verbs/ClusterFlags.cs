using System.CommandLine;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;

namespace DistBp.Cli.Verbs;

/// <summary>How verbs are told which cluster they are about: --cluster and --config.</summary>
internal static class ClusterFlags
{
    public static Option<NodeAddress?> Address(bool required)
    {
        Option<NodeAddress?> option = Flags.Address("--cluster", "The cluster: its coordinator's address.");
        option.Required = required;
        return option;
    }

    public static Option<string?> Config() => Flags.Text(
        "--config", "FILE", $"The settings of this machine; default: {MachineSettings.DefaultFile} in the current folder, if there is one.");

    /// <param name="config">The file that is named, or null.</param>
    public static ClusterClient Connect(NodeAddress address, string? config)
    {
        ClusterConfiguration machine = MachineSettings.Read(config);
        return new ClusterClient(address, machine, meansNamed: MachineSettings.FileOf(config) is not null);
    }
}
