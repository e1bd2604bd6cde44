using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;
using Google.Protobuf.Reflection;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>The methods of etcd's API, version 3, that DistBp calls.</summary>
internal static class EtcdMethods
{
    public static readonly Method<RangeRequest, RangeResponse> Range = new(Service("KV"), "Range");
    public static readonly Method<TxnRequest, TxnResponse> Transact = new(Service("KV"), "Txn");
    public static readonly Method<LeaseGrantRequest, LeaseGrantResponse> Grant = new(Service("Lease"), "LeaseGrant");
    public static readonly Method<LeaseRevokeRequest, LeaseRevokeResponse> Revoke = new(Service("Lease"), "LeaseRevoke");
    public static readonly Method<LeaseKeepAliveRequest, LeaseKeepAliveResponse> KeepAlive = new(Service("Lease"), "LeaseKeepAlive");
    public static readonly Method<WatchRequest, WatchResponse> Watch = new(Service("Watch"), "Watch");

    public static ServiceDescriptor Service(string name) => RpcReflection.Descriptor.Services.Single(s => s.Name == name);
}
