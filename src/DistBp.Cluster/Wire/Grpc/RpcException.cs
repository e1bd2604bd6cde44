namespace DistBp.Cluster.Wire.Grpc;

/// <summary>
/// A call that ended with another status than OK. A server's method throws it to end its call so; a client's call throws what it received.
/// </summary>
internal sealed class RpcException : Exception
{
    /// <param name="detail">For the other side: no secrets. It travels percent-encoded in grpc-message.</param>
    public RpcException(StatusCode status, string detail, Exception? cause = null)
        : base($"{status}: {detail}", cause) => (Status, Detail) = (status, detail);

    public StatusCode Status { get; }

    public string Detail { get; }

    /// <summary>What the server sent after its status; empty where the call did not come so far.</summary>
    public Metadata Trailers { get; init; } = Metadata.Empty;
}
