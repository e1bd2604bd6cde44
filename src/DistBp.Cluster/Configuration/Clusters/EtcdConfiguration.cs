using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.rendezvous.etcd.</summary>
/// <param name="Endpoints">URLs.</param>
/// <param name="Prefix">Of all keys.</param>
public sealed record EtcdConfiguration(IReadOnlyList<string> Endpoints, string Prefix)
{
    private static readonly ListForm<string> EndpointsForm = new(TextForm.Any, "a list of URLs", mayBeEmpty: false, "[\"http://127.0.0.1:2379\"]");

    public static readonly EtcdConfiguration Default = new(new ValueList<string>(["http://127.0.0.1:2379"]), "/distbp");

    internal static EtcdConfiguration Describe(IFields f, EtcdConfiguration etcd) => etcd with
    {
        Endpoints = f.Field("endpoints", etcd.Endpoints, EndpointsForm),
        Prefix = f.Field("prefix", etcd.Prefix, TextForm.Any),
    };
}
