namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>A small value of the coordinator's in etcd.</summary>
internal sealed record StoredValue(string Name, ReadOnlyMemory<byte> Bytes);
