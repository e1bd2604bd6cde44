using System.Diagnostics;

namespace DistBp.Cluster.Actors;

/// <summary>How long the workers of this process compute, from when it was asked last. From any thread.</summary>
internal sealed class StepPaceMeter
{
    private long _steps;
    private long _ticks;

    /// <param name="begin">As of <see cref="Stopwatch.GetTimestamp"/>: when a worker's steps began.</param>
    public void Add(long begin, int steps)
    {
        Interlocked.Add(ref _ticks, Stopwatch.GetTimestamp() - begin);
        Interlocked.Add(ref _steps, steps);
    }

    public (long Steps, TimeSpan Time) Take() =>
        (Interlocked.Exchange(ref _steps, 0), Stopwatch.GetElapsedTime(0, Interlocked.Exchange(ref _ticks, 0)));
}
