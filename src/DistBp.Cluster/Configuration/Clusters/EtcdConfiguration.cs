using DistBp.Cluster.Configuration.Forms;

namespace DistBp.Cluster.Configuration.Clusters;

/// <summary>distbp.rendezvous.etcd.</summary>
/// <param name="Endpoints">URLs of the client ports of etcd's members; those of one etcd cluster.</param>
/// <param name="Prefix">Of all keys; one for each cluster.</param>
/// <param name="Lease">A coordinator that has died is replaced after this time; etcd counts in whole seconds.</param>
public sealed record EtcdConfiguration(IReadOnlyList<string> Endpoints, string Prefix, TimeSpan Lease)
{
    private static readonly ListForm<string> EndpointsForm = new(UrlForm.Instance, "a list of URLs", mayBeEmpty: false);

    public static readonly EtcdConfiguration Default = new(new ValueList<string>(["http://127.0.0.1:2379"]), "/distbp", TimeSpan.FromSeconds(5));

    internal static EtcdConfiguration Describe(IFields f, EtcdConfiguration etcd) => etcd with
    {
        Endpoints = f.Field("endpoints", etcd.Endpoints, EndpointsForm),
        Prefix = f.Field("prefix", etcd.Prefix, TextForm.Any),
        Lease = f.Field("lease", etcd.Lease, DurationForm.Instance),
    };
}
