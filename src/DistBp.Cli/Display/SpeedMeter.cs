using System.Diagnostics;

namespace DistBp.Cli.Display;

/// <summary>Samples a second, smoothed over a few seconds, and the time left at the average speed so far.</summary>
/// <param name="timestamp">A monotonic clock in units of <see cref="Stopwatch.Frequency"/>.</param>
internal sealed class SpeedMeter(Func<long> timestamp)
{
    private const double SmoothingSeconds = 2;
    private static readonly TimeSpan ShortestEstimate = TimeSpan.FromSeconds(0.5);

    private long _start;
    private long _last;
    private long _lastSamples;
    private double _rate;

    public (double SamplesPerSecond, TimeSpan? Left) Measure(RunSnapshot run)
    {
        long now = timestamp();
        if (_start == 0) _start = _last = now;
        double seconds = Stopwatch.GetElapsedTime(_last, now).TotalSeconds;
        if (seconds > 0 && run.Samples > 0)
        {
            double rate = (run.Samples - _lastSamples) / seconds;
            double weight = _rate == 0 ? 1 : 1 - Math.Exp(-seconds / SmoothingSeconds);
            _rate += weight * (rate - _rate);
            (_last, _lastSamples) = (now, run.Samples);
        }
        return (_rate, Left(run, Stopwatch.GetElapsedTime(_start, now)));
    }

    private static TimeSpan? Left(RunSnapshot run, TimeSpan elapsed)
    {
        long done = run.Step.Step - run.Started!.StartStep;
        if (done <= 0 || elapsed < ShortestEstimate) return null;
        return elapsed * ((double)(run.Started.TotalSteps - run.Step.Step) / done);
    }
}
