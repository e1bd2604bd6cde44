using System.IO.Pipelines;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Wire.Tensors;

/// <summary>The service Link: every chunk comes back.</summary>
internal static class LinkService
{
    /// <summary>The longest payload of a chunk.</summary>
    public const int MaxPayloadBytes = 4 << 20;

    public static string EchoPath => $"/{TensorsReflection.Descriptor.Services.Single().FullName}/Echo";

    public static void AddTo(GrpcServices services) => services.Raw(EchoPath, EchoAsync);

    private static async Task EchoAsync(PipeReader requests, PipeWriter responses, ServerCall call)
    {
        var source = new ChunkSource(requests, MaxPayloadBytes);
        var sink = new ChunkSink(responses);
        await call.SendHeadersAsync(Metadata.Empty).ConfigureAwait(false);
        byte[] memory = [];
        while (await source.ReadHeadAsync(call.Cancellation).ConfigureAwait(false) is { } head)
        {
            if (memory.Length < head.PayloadBytes) memory = GC.AllocateUninitializedArray<byte>(head.PayloadBytes, pinned: true);
            Memory<byte> payload = memory.AsMemory(0, head.PayloadBytes);
            await source.ReadPayloadAsync(payload, call.Cancellation).ConfigureAwait(false);
            await sink.WriteAsync(head.Tensor, head.OffsetBytes, payload, call.Cancellation).ConfigureAwait(false);
        }
    }
}
