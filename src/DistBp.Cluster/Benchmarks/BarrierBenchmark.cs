using System.Diagnostics;
using DistBp.Cluster.Actors;

namespace DistBp.Cluster.Benchmarks;

/// <summary>How long it takes until a computation that one thread hands over begins on another one.</summary>
/// <param name="Waiting">"spinning" or "parked": what the other thread was at.</param>
/// <param name="MedianMicroseconds">Of many hand-overs.</param>
/// <param name="SlowMicroseconds">The 99th of a hundred.</param>
public sealed record BarrierRate(string Waiting, int Handovers, double MedianMicroseconds, double SlowMicroseconds);

/// <summary>The hand-over of the <see cref="ComputePool"/>, of which a barrier between actors is made.</summary>
public static class BarrierBenchmark
{
    // Far below and far above the time for which an idle thread of the pool spins.
    private static readonly (string Waiting, TimeSpan Pause, int Handovers)[] s_cases =
    [
        ("spinning", TimeSpan.FromMicroseconds(5), 20_000),
        ("parked", TimeSpan.FromMilliseconds(1), 1_000),
    ];

    public static IEnumerable<BarrierRate> Run()
    {
        foreach ((string waiting, TimeSpan pause, int handovers) in s_cases) yield return Measure(waiting, pause, handovers);
    }

    private static BarrierRate Measure(string waiting, TimeSpan pause, int handovers)
    {
        var computation = new Arrival();
        double[] microseconds = new double[handovers];
        using (var pool = new ComputePool(threads: 1, capacity: 1, failure => throw new UnreachableException("An arrival cannot fail.", failure)))
        {
            for (int i = -handovers / 10; i < handovers; i++)
            {
                long paused = Stopwatch.GetTimestamp();
                while (Stopwatch.GetElapsedTime(paused) < pause) Thread.SpinWait(1);
                TimeSpan latency = computation.HandTo(pool);
                if (i >= 0) microseconds[i] = latency.TotalMicroseconds;
            }
        }
        Array.Sort(microseconds);
        return new BarrierRate(waiting, handovers, microseconds[handovers / 2], microseconds[handovers * 99 / 100]);
    }

    private sealed class Arrival : IComputation
    {
        private long _begun;

        public TimeSpan HandTo(ComputePool pool)
        {
            Volatile.Write(ref _begun, 0);
            long handed = Stopwatch.GetTimestamp();
            pool.Enqueue(0, this);
            long begun;
            while ((begun = Volatile.Read(ref _begun)) == 0) Thread.SpinWait(1);
            return Stopwatch.GetElapsedTime(handed, begun);
        }

        public void Run() => Volatile.Write(ref _begun, Stopwatch.GetTimestamp());
    }
}
