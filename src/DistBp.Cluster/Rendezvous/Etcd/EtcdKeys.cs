using System.Globalization;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>The names of what DistBp keeps in etcd (protos/distbp/v1/rendezvous.proto).</summary>
/// <param name="prefix">distbp.rendezvous.etcd.prefix; of one cluster alone.</param>
internal sealed class EtcdKeys(string prefix)
{
    private readonly string _prefix = prefix.TrimEnd('/');

    public string Candidates => $"{_prefix}/leader/";

    public string Values => $"{_prefix}/state/";

    public string Candidate(long lease) => Candidates + lease.ToString("x16", CultureInfo.InvariantCulture);

    public string Value(string name) => Values + name;

    public override string ToString() => _prefix;
}
