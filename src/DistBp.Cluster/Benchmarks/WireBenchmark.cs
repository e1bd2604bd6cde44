using System.Diagnostics;
using DistBp.Cluster.Wire.Members;

namespace DistBp.Cluster.Benchmarks;

/// <summary>Tensors between two nodes, both ways at once, over TCP on this machine, with several MiB under way.</summary>
/// <param name="TensorBytes">Of a message's one tensor.</param>
/// <param name="GigabytesPerSecond">Both ways together.</param>
/// <param name="ProcessorNanosecondsPerByte">Of this whole process, sending and receiving, over the bytes of both ways.</param>
/// <param name="AllocatedBytesPerMessage">Of the whole process, once warm.</param>
public sealed record WireRate(int TensorBytes, double GigabytesPerSecond, double ProcessorNanosecondsPerByte, double AllocatedBytesPerMessage);

/// <summary>A small message from node to node, half of its way there and back: what a step waits for besides bytes.</summary>
public sealed record WireDelay(double MedianMicroseconds, double SlowMicroseconds);

/// <summary>What the wire carries: checksummed chunks over gRPC, from and to training memory.</summary>
public static class WireBenchmark
{
    private const long BytesOneWay = 1L << 30;
    private const int Exchanges = 20_000;
    private static readonly int[] s_tensors = [64 << 10, 256 << 10, 1 << 20, 4 << 20];

    public static async IAsyncEnumerable<WireRate> RunAsync()
    {
        await using WirePair pair = await WirePair.StartAsync().ConfigureAwait(false);
        foreach (int bytes in s_tensors) yield return await MeasureAsync(pair, bytes).ConfigureAwait(false);
    }

    public static async Task<WireDelay> MeasureDelayAsync()
    {
        await using WirePair pair = await WirePair.StartAsync().ConfigureAwait(false);
        await pair.PingAsync(new double[Exchanges / 4]).ConfigureAwait(false);
        double[] microseconds = new double[Exchanges];
        await pair.PingAsync(microseconds).ConfigureAwait(false);
        Array.Sort(microseconds);
        return new WireDelay(microseconds[Exchanges / 2], microseconds[Exchanges * 99 / 100]);
    }

    private static async Task<WireRate> MeasureAsync(WirePair pair, int tensorBytes)
    {
        int messages = (int)(BytesOneWay / tensorBytes);
        await pair.ExchangeAsync(tensorBytes, messages).ConfigureAwait(false);
        (long allocated, TimeSpan processor, long begin) = (GC.GetTotalAllocatedBytes(true), Process.GetCurrentProcess().TotalProcessorTime, Stopwatch.GetTimestamp());
        await pair.ExchangeAsync(tensorBytes, messages).ConfigureAwait(false);
        TimeSpan wall = Stopwatch.GetElapsedTime(begin);
        processor = Process.GetCurrentProcess().TotalProcessorTime - processor;
        allocated = GC.GetTotalAllocatedBytes(true) - allocated;
        double bytes = 2.0 * messages * tensorBytes;
        return new WireRate(tensorBytes, bytes / wall.TotalNanoseconds, processor.TotalNanoseconds / bytes, allocated / (2.0 * messages));
    }
}
