using DistBp.Tests.Shared;

namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>A test with an etcd of its own. Without one installed it is skipped; in CI, which installs it, it fails instead.</summary>
internal sealed class EtcdFactAttribute : FactAttribute
{
    public EtcdFactAttribute()
    {
        if (!EtcdMembers.IsInstalled && !Surroundings.IsCI) Skip = "etcd is missing: apt install etcd-server";
    }
}
