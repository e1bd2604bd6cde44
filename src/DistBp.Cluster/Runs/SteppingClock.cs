namespace DistBp.Cluster.Runs;

/// <summary>Counts the samples and the time of steps alone: evaluation, captures and waits for the disk stop it. An epoch may be resumed in
/// its middle: its rate is that of the part that ran here.</summary>
internal sealed class SteppingClock(TimeProvider time)
{
    private long _startedAt;
    private TimeSpan _epochTime;
    private long _epochSamples;

    public double BestSamplesPerSecond { get; private set; }

    public TimeSpan Total { get; private set; }

    public int Epochs { get; private set; }

    public void Start() => _startedAt = time.GetTimestamp();

    public void Stop()
    {
        TimeSpan elapsed = time.GetElapsedTime(_startedAt);
        _epochTime += elapsed;
        Total += elapsed;
    }

    public void Count(int samples) => _epochSamples += samples;

    /// <summary>Ends an epoch; the clock is stopped.</summary>
    public (TimeSpan Time, double SamplesPerSecond) EndEpoch()
    {
        double rate = _epochTime > TimeSpan.Zero ? _epochSamples / _epochTime.TotalSeconds : 0;
        (TimeSpan Time, double SamplesPerSecond) ended = (_epochTime, rate);
        BestSamplesPerSecond = Math.Max(BestSamplesPerSecond, rate);
        (_epochTime, _epochSamples) = (TimeSpan.Zero, 0);
        Epochs++;
        return ended;
    }
}
