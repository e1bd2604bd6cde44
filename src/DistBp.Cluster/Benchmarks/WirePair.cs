using System.Diagnostics;

namespace DistBp.Cluster.Benchmarks;

/// <summary>Two nodes of this process that send each other messages as the nodes of a cluster do.</summary>
internal sealed class WirePair : IAsyncDisposable
{
    private readonly WireEnd _left = new();
    private readonly WireEnd _right = new();

    private WirePair()
    {
    }

    public static async Task<WirePair> StartAsync()
    {
        var pair = new WirePair();
        await pair._left.ListenAsync().ConfigureAwait(false);
        await pair._right.ListenAsync().ConfigureAwait(false);
        await pair._left.ConnectAsync(pair._right).ConfigureAwait(false);
        await pair._right.ConnectAsync(pair._left).ConfigureAwait(false);
        return pair;
    }

    /// <summary>So many tensors from each to the other.</summary>
    public Task ExchangeAsync(int tensorBytes, int messages)
        => Task.WhenAll(Task.Run(() => _left.SendAsync(_right, tensorBytes, messages)), Task.Run(() => _right.SendAsync(_left, tensorBytes, messages)));

    /// <summary>Small messages there and back, one after the other.</summary>
    /// <param name="microseconds">Half of each one's time.</param>
    public async Task PingAsync(double[] microseconds)
    {
        for (int i = 0; i < microseconds.Length; i++)
        {
            long begin = Stopwatch.GetTimestamp();
            await _left.PingAsync().ConfigureAwait(false);
            microseconds[i] = Stopwatch.GetElapsedTime(begin).TotalMicroseconds / 2;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _left.DisposeAsync().ConfigureAwait(false);
        await _right.DisposeAsync().ConfigureAwait(false);
    }
}
