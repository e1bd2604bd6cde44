namespace DistBp.Cluster.Tests.Storage;

/// <summary>Time passes when the test says so.</summary>
internal sealed class StoppedClock : TimeProvider
{
    private TimeSpan _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan time) => _passed += time;

    public override long GetTimestamp() => _passed.Ticks;

    public override DateTimeOffset GetUtcNow() => new DateTimeOffset(2026, 11, 21, 3, 14, 15, 500, TimeSpan.Zero) + _passed;
}
