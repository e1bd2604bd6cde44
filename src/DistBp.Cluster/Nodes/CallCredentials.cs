using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Nodes;

/// <summary>What goes with every call between nodes and from clients, and how it is checked: version, cluster, secret.</summary>
internal sealed class CallCredentials
{
    private const string VersionKey = "distbp-version", ClusterKey = "distbp-cluster", SecretKey = "distbp-secret-bin";

    private readonly ClusterSecret _secret;
    private readonly string _cluster;
    private readonly string _version;

    /// <param name="sendsCluster">False for a client that was given an address and nothing else: it means whatever cluster is there.</param>
    public CallCredentials(NamingConfiguration cluster, bool sendsCluster = true, string? version = null)
    {
        (_secret, _cluster, _version) = (cluster.Secret, cluster.Name, version ?? ProductVersion.Current);
        Metadata.Add(VersionKey, _version);
        if (sendsCluster) Metadata.Add(ClusterKey, _cluster);
        if (!_secret.IsNone) Metadata.Add(SecretKey, _secret.Bytes);
    }

    /// <summary>To send.</summary>
    public Metadata Metadata { get; } = [];

    /// <summary>The secret first: who does not know it learns nothing else of the cluster.</summary>
    /// <exception cref="RpcException">The call's are wrong; nothing of them is repeated.</exception>
    public void Check(Metadata received)
    {
        byte[] presented = received.GetBytes(SecretKey) ?? [];
        if (!_secret.Matches(presented))
        {
            throw new RpcException(
                StatusCode.Unauthenticated, presented.Length == 0 ? "this cluster has a secret, and none came with the call"
                : _secret.IsNone ? "this cluster has no secret, and one came with the call" : "the secret is another one than the cluster's");
        }
        string version = received.Get(VersionKey) ?? "unknown";
        if (version != _version)
            throw new RpcException(StatusCode.FailedPrecondition, $"the call is from distbp {version}, and here is distbp {_version}");
        if (received.Get(ClusterKey) is { } cluster && cluster != _cluster)
            throw new RpcException(StatusCode.FailedPrecondition, $"the call is for the cluster '{cluster}', and here is the cluster '{_cluster}'");
    }
}
