using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>What a call to etcd that failed means for the user.</summary>
internal static class EtcdFailure
{
    private const string Where = "distbp.rendezvous.etcd.endpoints";

    /// <summary>Another endpoint, or the same one a moment later, may well answer.</summary>
    public static bool IsTransient(RpcException failure) =>
        failure.Status is StatusCode.Unavailable or StatusCode.DeadlineExceeded or StatusCode.Cancelled or StatusCode.Internal;

    /// <param name="failure">As <see cref="EtcdClient"/> throws it: it names the endpoints.</param>
    public static UserException Tell(RpcException failure) => failure.Status switch
    {
        _ when IsTransient(failure) => new UserException(
            ErrorKind.Cluster, failure.Detail, Where,
            "is etcd running, with a majority of its members, and does it listen there? check the endpoints and the network", failure),
        StatusCode.Unimplemented => new UserException(
            ErrorKind.Usage, $"what answers is no etcd of version 3: {failure.Detail}", Where,
            "give the URLs of etcd's client port, which is 2379 by default", failure),
        StatusCode.Unauthenticated or StatusCode.PermissionDenied or StatusCode.InvalidArgument => new UserException(
            ErrorKind.Usage, $"etcd refuses: {failure.Detail}", Where,
            "let this machine read and write below distbp.rendezvous.etcd.prefix without a user's name", failure),
        StatusCode.ResourceExhausted => new UserException(
            ErrorKind.Cluster, $"etcd is full or overloaded: {failure.Detail}", Where,
            "for space: compact and defragment etcd, then clear its alarm (etcdctl alarm disarm)", failure),
        _ => new UserException(ErrorKind.Cluster, $"etcd failed: {failure.Detail}", Where, "etcd's log tells more", failure),
    };
}
