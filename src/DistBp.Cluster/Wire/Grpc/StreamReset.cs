namespace DistBp.Cluster.Wire.Grpc;

/// <summary>What a reset of an HTTP/2 stream means for the call on it (gRPC's PROTOCOL-HTTP2.md, "Errors").</summary>
internal static class StreamReset
{
    /// <param name="error">An error code of RFC 9113, section 7.</param>
    public static StatusCode StatusOf(long error) => error switch
    {
        7 => StatusCode.Unavailable,
        8 => StatusCode.Cancelled,
        11 => StatusCode.ResourceExhausted,
        _ => StatusCode.Internal,
    };
}
