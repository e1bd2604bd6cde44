using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;

namespace DistBp.Cli.Verbs;

/// <summary>The settings of this machine: the file that is named, or cluster.hocon in the current folder, or defaults.</summary>
internal static class MachineSettings
{
    public const string DefaultFile = "cluster.hocon";

    /// <summary>Holds the cluster's secret where no file gives one.</summary>
    public const string SecretVariable = "DISTBP_SECRET";

    public static ClusterConfiguration Read(string? file)
    {
        ClusterConfiguration read = FileOf(file) is { } path ? ClusterConfiguration.Read(path) : ClusterConfiguration.Default;
        return read.Cluster.Secret.IsNone && Environment.GetEnvironmentVariable(SecretVariable) is { Length: > 0 } secret
            ? read with { Cluster = read.Cluster with { Secret = new ClusterSecret(secret) } }
            : read;
    }

    /// <summary>The file that is read; null: there is none.</summary>
    public static string? FileOf(string? named) => named ?? (File.Exists(DefaultFile) ? DefaultFile : null);
}
