using DistBp.Cluster.Configuration;

namespace DistBp.Cli.Verbs;

/// <summary>The settings of this machine: the file that is named, or cluster.hocon in the current folder, or defaults.</summary>
internal static class MachineSettings
{
    public const string DefaultFile = "cluster.hocon";

    public static ClusterConfiguration Read(string? file)
    {
        if (file is not null) return ClusterConfiguration.Read(file);
        return File.Exists(DefaultFile) ? ClusterConfiguration.Read(DefaultFile) : ClusterConfiguration.Default;
    }
}
