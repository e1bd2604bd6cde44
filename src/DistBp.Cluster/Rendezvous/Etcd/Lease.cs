using System.Globalization;
using DistBp.Cluster.Rendezvous.Etcd.Api;
using DistBp.Cluster.Wire.Grpc;

namespace DistBp.Cluster.Rendezvous.Etcd;

/// <summary>
/// A lease of etcd that is renewed every third of its life, and counted as lost before etcd can have let it run out. etcd's clock for it starts, at
/// each renewal, no earlier than the request left here; this side counts the granted time from that moment, by a monotonic clock, and leaves out its
/// last tenth, or half a second where that is more: for a timer that comes late, and for clocks of different speed.
/// </summary>
/// <remarks>Disposed of without being revoked it runs out at etcd by itself, as that of a process that has died.</remarks>
internal sealed class Lease : IAsyncDisposable
{
    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(50), LeastReserve = TimeSpan.FromSeconds(0.5);

    private readonly EtcdClient _etcd;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new(), _stop = new();
    private readonly Lock _lock = new();
    private readonly ITimer _deadline;
    private readonly Task _renewal;

    // Under the lock: when the last request that etcd granted had left, and for how long it granted.
    private long _granted;
    private TimeSpan _timeToLive;
    private string? _lossReason;
    private string _lastFailure = "etcd has not answered";

    private Lease(EtcdClient etcd, TimeProvider time, long id, long granted, TimeSpan timeToLive)
    {
        (_etcd, _time, Id, _granted, _timeToLive) = (etcd, time, id, granted, timeToLive);
        Lost = _lost.Token;
        _deadline = time.CreateTimer(_ => OnDeadline(), null, Positive(TimeLeft), Timeout.InfiniteTimeSpan);
        _renewal = RenewAsync(_stop.Token);
    }

    public long Id { get; }

    /// <summary>As etcd granted it, which may be longer than it was asked for.</summary>
    public TimeSpan TimeToLive
    {
        get
        {
            lock (_lock) return _timeToLive;
        }
    }

    /// <summary>Cancelled when the lease can no longer be counted on.</summary>
    public CancellationToken Lost { get; }

    /// <summary>Why it was lost; null while it is not.</summary>
    public string? LossReason
    {
        get
        {
            lock (_lock) return _lossReason;
        }
    }

    /// <summary>By the clock, also where the timer is late, as in a process that stood still.</summary>
    public bool IsHeld
    {
        get
        {
            lock (_lock) return _lossReason is null && TimeLeft > TimeSpan.Zero;
        }
    }

    private TimeSpan TimeLeft => _timeToLive - Reserve - _time.GetElapsedTime(_granted);

    private TimeSpan Reserve => _timeToLive / 10 > LeastReserve ? _timeToLive / 10 : LeastReserve;

    /// <param name="timeToLive">Whole seconds are asked for, rounded up.</param>
    /// <exception cref="RpcException">As <see cref="EtcdClient"/> throws it.</exception>
    public static async Task<Lease> GrantAsync(EtcdClient etcd, TimeSpan timeToLive, TimeProvider time, CancellationToken cancellation)
    {
        long asked = time.GetTimestamp();
        var request = new LeaseGrantRequest { TTL = (long)Math.Ceiling(timeToLive.TotalSeconds) };
        LeaseGrantResponse response = await etcd.CallAsync(EtcdMethods.Grant, request, cancellation).ConfigureAwait(false);
        return new Lease(etcd, time, response.ID, asked, TimeSpan.FromSeconds(response.TTL));
    }

    /// <summary>Counts the lease as lost from now on.</summary>
    public void Lose(string reason)
    {
        lock (_lock)
        {
            if (_lossReason is not null) return;
            _lossReason = reason;
        }
        _lost.Cancel();
    }

    /// <summary>Counts it as lost and then gives it back, with the keys that depend on it.</summary>
    /// <returns>Null, or why etcd could not be told; it lets the lease run out then.</returns>
    public async Task<string?> TryRevokeAsync(CancellationToken cancellation)
    {
        Lose("it was given back");
        TimeSpan timeout = TimeToLive / 3;
        try
        {
            await _etcd.CallAsync(EtcdMethods.Revoke, new LeaseRevokeRequest { ID = Id }, timeout / 2, timeout, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (RpcException e)
        {
            // Not found: it was served before, or has run out.
            return e.Status == StatusCode.NotFound ? null : e.Detail;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Lose("it is no longer renewed");
        await _stop.CancelAsync().ConfigureAwait(false);
        await _renewal.ConfigureAwait(false);
        await _deadline.DisposeAsync().ConfigureAwait(false);
        _lost.Dispose();
        _stop.Dispose();
    }

    private async Task RenewAsync(CancellationToken stop)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(stop, Lost);
        TimeSpan pause = TimeToLive / 3;
        while (!over.IsCancellationRequested)
        {
            await Task.Delay(pause, _time, over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (over.IsCancellationRequested) return;
            try
            {
                await RenewOnceAsync(over.Token).ConfigureAwait(false);
                pause = TimeToLive / 3;
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (RpcException e)
            {
                lock (_lock) _lastFailure = e.Detail;
                pause = PauseAfterFailure;
            }
        }
    }

    /// <summary>One request of the stream and its response: a call of its own, so that the next endpoint is as good for the next one.</summary>
    private async Task RenewOnceAsync(CancellationToken cancellation)
    {
        long asked = _time.GetTimestamp();
        // A sixth for each endpoint: three of them have their turn before the time is over.
        TimeSpan timeout = TimeToLive / 6;
        LeaseKeepAliveResponse response = await _etcd.CallAsync(
            EtcdMethods.KeepAlive, new LeaseKeepAliveRequest { ID = Id }, timeout, timeout, cancellation).ConfigureAwait(false);
        if (response.TTL <= 0)
        {
            Lose("etcd has let it run out, or somebody has revoked it");
            return;
        }
        lock (_lock)
        {
            (_granted, _timeToLive) = (asked, TimeSpan.FromSeconds(response.TTL));
            _deadline.Change(Positive(TimeLeft), Timeout.InfiniteTimeSpan);
        }
    }

    private void OnDeadline()
    {
        string reason;
        lock (_lock)
        {
            if (TimeLeft > TimeSpan.Zero)
            {
                _deadline.Change(Positive(TimeLeft), Timeout.InfiniteTimeSpan);
                return;
            }
            TimeSpan since = _time.GetElapsedTime(_granted);
            reason = string.Create(
                CultureInfo.InvariantCulture, $"it could not be renewed for {since.TotalSeconds:0.0} of its {_timeToLive.TotalSeconds} s: {_lastFailure}");
        }
        Lose(reason);
    }

    private static TimeSpan Positive(TimeSpan time) => time > TimeSpan.FromMilliseconds(1) ? time : TimeSpan.FromMilliseconds(1);
}
