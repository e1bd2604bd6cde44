using DistBp.Cluster.Configuration;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes;

/// <summary>What a call that failed means for the user of this side.</summary>
internal static class CallFailure
{
    /// <summary>The other side has answered, and will answer the same again: what this side sends or is, is wrong.</summary>
    public static bool IsFinal(RpcException failure) => failure.Status is StatusCode.Unauthenticated or StatusCode.FailedPrecondition
        or StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.PermissionDenied or StatusCode.Unimplemented;

    /// <param name="address">The coordinator's.</param>
    public static UserException Tell(RpcException failure, NodeAddress address) => failure.Status switch
    {
        StatusCode.Unauthenticated => Wrong(failure.Detail, address, "give this side the cluster's secret, or none where it has none: distbp.cluster.secret, or DISTBP_SECRET"),
        StatusCode.Unimplemented => Wrong($"what answers there is no coordinator of distbp: {failure.Detail}", address, "check the address"),
        StatusCode.FailedPrecondition or StatusCode.InvalidArgument or StatusCode.NotFound or StatusCode.PermissionDenied
            or StatusCode.AlreadyExists or StatusCode.ResourceExhausted => Wrong(failure.Detail, address, RemedyFor(failure)),
        StatusCode.Unavailable when failure.Detail.StartsWith(CoordinatorOffice.NotHere, StringComparison.Ordinal) =>
            new UserException(ErrorKind.Cluster, failure.Detail, address.ToString(), "ask the coordinator that there is now, or have it found: --cluster etcd", failure),
        StatusCode.Internal => new UserException(ErrorKind.Cluster, failure.Detail, $"the coordinator at {address}", "its own output tells more", failure),
        _ => new UserException(
            ErrorKind.Cluster, $"the coordinator does not answer: {failure.Detail}", address.ToString(),
            "is it running, and does it listen there? check the address and the network", failure),
    };

    private static UserException Wrong(string what, NodeAddress address, string remedy) => new(ErrorKind.Usage, what, address.ToString(), remedy);

    private static string RemedyFor(RpcException failure) => failure.Status switch
    {
        StatusCode.AlreadyExists => "give this node another name: --name, or distbp.node.name",
        StatusCode.ResourceExhausted => "wait until there is room",
        StatusCode.NotFound => "distbp status --cluster ADDR lists what there is",
        StatusCode.FailedPrecondition when failure.Detail.Contains("distbp ", StringComparison.Ordinal) => "run the same version on all nodes",
        StatusCode.FailedPrecondition when failure.Detail.Contains("cluster '", StringComparison.Ordinal) => "check distbp.cluster.name and the address",
        _ => "",
    };
}
