using DistBp.Cluster.Configuration;

namespace DistBp.Cli.Verbs;

/// <summary>Which cluster a verb is about, as --cluster says it.</summary>
/// <param name="Address">Of its coordinator; null: etcd tells, as the settings of this machine say.</param>
internal sealed record ClusterChoice(NodeAddress? Address)
{
    public const string EtcdWord = "etcd";

    /// <summary>As the flag's value.</summary>
    public override string ToString() => Address?.ToString() ?? EtcdWord;
}
