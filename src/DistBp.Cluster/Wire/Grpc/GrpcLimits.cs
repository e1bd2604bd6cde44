namespace DistBp.Cluster.Wire.Grpc;

/// <summary>What bounds a connection's memory and patience; both sides have their own.</summary>
/// <param name="MaxMessageBytes">A longer message is refused with RESOURCE_EXHAUSTED.</param>
/// <param name="StreamWindowBytes">What a call may have under way, unread.</param>
/// <param name="ConnectionWindowBytes">What all calls of a connection may have under way together.</param>
/// <param name="FrameBytes">The longest HTTP/2 frame that is taken.</param>
/// <param name="PingInterval">A silent connection is asked for a sign of life this often…</param>
/// <param name="PingTimeout">…and is given up if none comes in this time.</param>
internal sealed record GrpcLimits(
    int MaxMessageBytes, int StreamWindowBytes, int ConnectionWindowBytes, int FrameBytes, TimeSpan PingInterval, TimeSpan PingTimeout)
{
    public static readonly GrpcLimits Default = new(
        MaxMessageBytes: 4 << 20, StreamWindowBytes: 8 << 20, ConnectionWindowBytes: 64 << 20, FrameBytes: 256 << 10,
        PingInterval: TimeSpan.FromSeconds(5), PingTimeout: TimeSpan.FromSeconds(5));
}
