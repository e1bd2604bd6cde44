namespace DistBp.Cluster.Tests.Rendezvous.Etcd;

/// <summary>The clock goes when the test says so, and timers never fire: as they seem to a process that has just been woken.</summary>
internal sealed class StoppedTimers : TimeProvider
{
    private long _passed;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public void Advance(TimeSpan time) => Interlocked.Add(ref _passed, time.Ticks);

    public override long GetTimestamp() => Interlocked.Read(ref _passed);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) => new StoppedTimer();

    private sealed class StoppedTimer : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period) => true;

        public void Dispose()
        {
            // There is nothing behind it.
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
