using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Tensors;

/// <summary>What every receiver of a chunk checks.</summary>
internal static class ChunkChecks
{
    /// <exception cref="RpcException">DATA_LOSS: the bytes are not those that were sent.</exception>
    public static void Checksum(in ChunkHead head, uint found)
    {
        if (found == head.Checksum) return;
        throw new RpcException(
            StatusCode.DataLoss,
            $"tensor {head.Tensor}, bytes {head.OffsetBytes}..{head.OffsetBytes + (ulong)head.PayloadBytes}: the checksum is {found:x8}, not {head.Checksum:x8}");
    }
}
