using System.Diagnostics;
using System.Net;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Tensors;

namespace DistBp.Cluster.Benchmarks;

/// <summary>Tensors to a server and back, over TCP on this machine, with several chunks under way.</summary>
/// <param name="ChunkBytes">Payload of a chunk.</param>
/// <param name="GigabytesPerSecond">Both ways together.</param>
/// <param name="ProcessorNanosecondsPerByte">Of this whole process, client and server, over the bytes of both ways.</param>
/// <param name="AllocatedBytesPerChunk">Of the whole process, once warm.</param>
public sealed record WireRate(int ChunkBytes, double GigabytesPerSecond, double ProcessorNanosecondsPerByte, double AllocatedBytesPerChunk);

/// <summary>What the wire carries: gRPC streams of checksummed chunks on loopback.</summary>
public static class WireBenchmark
{
    private const long BytesOneWay = 1L << 30;
    private const int BytesUnderWay = 8 << 20;
    private static readonly int[] s_chunks = [64 << 10, 256 << 10, 1 << 20, 4 << 20];

    public static async IAsyncEnumerable<WireRate> RunAsync()
    {
        await using GrpcServer server = await GrpcServer.StartAsync(
            new IPEndPoint(IPAddress.Loopback, 0), GrpcLimits.Default, LinkService.AddTo, e => throw new UnreachableException("A link cannot fail.", e))
            .ConfigureAwait(false);
        foreach (int chunkBytes in s_chunks) yield return await MeasureAsync(server.Address, chunkBytes).ConfigureAwait(false);
    }

    private static async Task<WireRate> MeasureAsync(IPEndPoint address, int chunkBytes)
    {
        Http2Call call = await Http2Call.StartAsync(address, LinkService.EchoPath, Metadata.Empty, GrpcLimits.Default, default).ConfigureAwait(false);
        await using var stream = new ChunkStream(call, LinkService.MaxPayloadBytes);
        int chunks = (int)(BytesOneWay / chunkBytes);
        await ExchangeAsync(stream, chunkBytes, chunks / 4).ConfigureAwait(false);
        (long allocated, TimeSpan processor, long begin) = (GC.GetTotalAllocatedBytes(true), Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
        await ExchangeAsync(stream, chunkBytes, chunks).ConfigureAwait(false);
        TimeSpan wall = Stopwatch.GetElapsedTime(begin);
        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        allocated = GC.GetTotalAllocatedBytes(true) - allocated;
        double bytes = 2.0 * chunks * chunkBytes;
        return new WireRate(chunkBytes, bytes / wall.TotalNanoseconds, processor.TotalNanoseconds / bytes, (double)allocated / chunks);
    }

    private static async Task ExchangeAsync(ChunkStream stream, int chunkBytes, int chunks)
    {
        byte[] sent = GC.AllocateUninitializedArray<byte>(chunkBytes, pinned: true), received = GC.AllocateUninitializedArray<byte>(chunkBytes, pinned: true);
        new Random(1).NextBytes(sent);
        using var underWay = new SemaphoreSlim(Math.Max(2, BytesUnderWay / chunkBytes));
        Task sending = Task.Run(async () =>
        {
            for (int i = 0; i < chunks; i++)
            {
                await underWay.WaitAsync().ConfigureAwait(false);
                await stream.WriteAsync(0, (ulong)i * (ulong)chunkBytes, sent, default).ConfigureAwait(false);
            }
        });
        for (int i = 0; i < chunks; i++)
        {
            await stream.ReadHeadAsync(default).ConfigureAwait(false);
            await stream.ReadPayloadAsync(received, default).ConfigureAwait(false);
            underWay.Release();
        }
        await sending.ConfigureAwait(false);
        if (!received.AsSpan().SequenceEqual(sent)) throw new UnreachableException("A chunk came back changed.");
    }
}
