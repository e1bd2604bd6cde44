namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>
/// Tests with an etcd, one after the other and no other test meanwhile: they watch clocks. They share one etcd of one member, each with a prefix of
/// its own.
/// </summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class EtcdCollection : ICollectionFixture<SharedEtcd>
{
    public const string Name = "etcd";
}
