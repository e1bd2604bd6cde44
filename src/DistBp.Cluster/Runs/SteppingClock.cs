namespace DistBp.Cluster.Runs;

/// <summary>
/// Counts the samples and the time of steps alone: evaluation, captures and waits for the disk stop it. An epoch may be resumed in its middle, or taken over: its rate is that of
/// the part that ran here.
/// </summary>
/// <param name="leastSpan">
/// A rate is that of so much time at least, so of several epochs where they are shorter: reports of steps come as late as they may wait, and what two epochs' ends differ in by that must play no part.
/// </param>
internal sealed class SteppingClock(TimeProvider time, TimeSpan leastSpan = default)
{
    private readonly Queue<(TimeSpan Time, long Samples)> _span = [];
    private bool _hasRun;
    private long _startedAt;
    private TimeSpan _epochTime;
    private long _epochSamples;
    private TimeSpan _spanTime;
    private long _spanSamples;
    private double _best;

    /// <summary>Of the best epoch, or of the best that follow each other and take <paramref name="leastSpan"/>; of all where that is less.</summary>
    public double BestSamplesPerSecond => _best > 0 ? _best : SpanRate;

    public bool IsRunning { get; private set; }

    public TimeSpan Total { get; private set; }

    /// <summary>That ran here, or a part of them.</summary>
    public int Epochs { get; private set; }

    private double SpanRate => _spanTime > TimeSpan.Zero ? _spanSamples / _spanTime.TotalSeconds : 0;

    public void Start()
    {
        _startedAt = time.GetTimestamp();
        IsRunning = _hasRun = true;
    }

    public void Stop()
    {
        TakeTime();
        IsRunning = false;
    }

    /// <summary>What members did before the clock has ever run, under another coordinator or without one, is in no rate.</summary>
    public void Count(int samples) => _epochSamples += _hasRun ? samples : 0;

    /// <summary>Ends an epoch. The clock may run on: then members are in the next one.</summary>
    public (TimeSpan Time, double SamplesPerSecond) EndEpoch()
    {
        TakeTime();
        TimeSpan ended = _epochTime;
        long samples = _epochSamples;
        (_epochTime, _epochSamples) = (TimeSpan.Zero, 0);
        if (ended == TimeSpan.Zero) return default;
        Epochs++;
        _span.Enqueue((ended, samples));
        (_spanTime, _spanSamples) = (_spanTime + ended, _spanSamples + samples);
        while (_span.TryPeek(out (TimeSpan Time, long Samples) first) && _span.Count > 1 && _spanTime - first.Time >= leastSpan)
        {
            _span.Dequeue();
            (_spanTime, _spanSamples) = (_spanTime - first.Time, _spanSamples - first.Samples);
        }
        if (_spanTime >= leastSpan) _best = Math.Max(_best, SpanRate);
        return (ended, SpanRate);
    }

    private void TakeTime()
    {
        if (!IsRunning) return;
        long now = time.GetTimestamp();
        TimeSpan elapsed = time.GetElapsedTime(_startedAt, now);
        (_startedAt, _epochTime, Total) = (now, _epochTime + elapsed, Total + elapsed);
    }
}
