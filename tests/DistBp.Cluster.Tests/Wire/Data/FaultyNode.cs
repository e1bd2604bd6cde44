using DistBp.Cluster.Wire.Data;
using DistBp.Cluster.Wire.Data.Contract;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Tensors;
using Google.Protobuf;

namespace DistBp.Cluster.Tests.Wire.Data;

/// <summary>Gives a content in chunks of 1,000 bytes, not always as it should.</summary>
internal sealed class FaultyNode(byte[] content)
{
    private const int ChunkBytes = 1000;

    /// <summary>After so many chunks each call breaks off.</summary>
    public int BreaksAfter { get; init; } = int.MaxValue;

    /// <summary>After so many chunks each call gives nothing more.</summary>
    public int StallsAfter { get; init; } = int.MaxValue;

    public bool SpoilsChecksums { get; init; }

    /// <summary>Where each call began.</summary>
    public List<long> Offsets { get; } = [];

    public void AddTo(GrpcServices services) => services.ServerStreaming(DataService.Read, ReadAsync);

    private async Task ReadAsync(ReadRequest request, MessageWriter<DataChunk> chunks, ServerCall call)
    {
        lock (Offsets) Offsets.Add(request.Offset);
        int sent = 0;
        for (int at = (int)request.Offset; at < content.Length; at += ChunkBytes)
        {
            if (sent == BreaksAfter) throw new RpcException(StatusCode.Unavailable, "the connection broke");
            if (sent == StallsAfter) await Task.Delay(Timeout.Infinite, call.Cancellation);
            byte[] payload = content[at..Math.Min(at + ChunkBytes, content.Length)];
            uint checksum = Checksum.Compute(payload) ^ (SpoilsChecksums ? 1u : 0);
            await chunks.WriteAsync(new DataChunk { Offset = at, Checksum = checksum, Payload = ByteString.CopyFrom(payload) }, call.Cancellation);
            sent++;
        }
    }
}
