namespace DistBp.Cluster.Wire.Members;

/// <summary>What bounds a peer's stream.</summary>
/// <param name="MaxEnvelopeBytes">Of an envelope as it travels, without its tensors.</param>
/// <param name="MaxChunkBytes">Of a chunk's payload.</param>
/// <param name="MaxOpenTensors">Announced, and not complete.</param>
/// <param name="MaxOpenBytes">Of all of these together.</param>
internal sealed record DeliveryLimits(int MaxEnvelopeBytes, int MaxChunkBytes, int MaxOpenTensors, long MaxOpenBytes)
{
    public static readonly DeliveryLimits Default = new(4 << 20, 4 << 20, MaxOpenTensors: 4096, MaxOpenBytes: 64L << 30);
}
