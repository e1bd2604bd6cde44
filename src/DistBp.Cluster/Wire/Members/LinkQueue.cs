using System.Runtime.CompilerServices;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Http2;
using DistBp.Cluster.Wire.Shared;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// The order in which things leave for a peer. Who adds to an idle queue writes to the socket himself, as far as the socket takes it at once:
/// a message crosses no thread, and is on its way before another one could be awake. What the socket does not take, and what others add meanwhile, is written by the thread pool.
/// </summary>
/// <param name="failed">Is told of the error at which writing ended.</param>
internal sealed class LinkQueue(Http2Call call, Action<RpcException> failed) : IDisposable
{
    /// <summary>Far above what the protocol can have under way to one node.</summary>
    public const int Capacity = 1 << 16;

    /// <summary>How long a message that may wait for others is kept: each that leaves by itself wakes threads on both sides.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromMilliseconds(20);

    private readonly Lock _lock = new();
    private readonly Queue<LinkItem> _items = [];
    private readonly LinkWriter _writer = new(call, new TensorCast());
    private ValueTask _draining;
    private Action? _drained;
    private bool _busy;
    private Timer? _waiting;
    private bool _waits;
    private RpcException? _end;
    private RingWriter? _ring;
    private long _envelopes;

    /// <summary>Of all that has been written: heads, envelopes and tensors.</summary>
    public long ByteCount
    {
        get
        {
            lock (_lock) return _writer.ByteCount + (_ring?.ByteCount ?? 0);
        }
    }

    /// <summary>Why nothing leaves any more; null while it does.</summary>
    public RpcException? Error
    {
        get
        {
            lock (_lock) return _end;
        }
    }

    /// <summary>The peer looks into the ring from now on: what has no bytes to send goes there while somebody looks, and crosses no thread at all.</summary>
    public void Use(RingWriter ring)
    {
        lock (_lock) _ring = ring;
    }

    /// <summary>After the queue has ended, nothing happens, but that a mark is told of the error.</summary>
    /// <returns>False: it is full.</returns>
    public bool TryAdd(LinkItem item)
    {
        lock (_lock)
        {
            if (_end is not null)
            {
                item.Sent?.TrySetException(_end);
                return true;
            }
            if (_items.Count == Capacity) return false;
            if (TryRing(ref item)) return true;
            if (item.Message is not null) _envelopes++;
            _items.Enqueue(item);
            if (_busy) return true;
            if (item.MayWait)
            {
                if (_waits) return true;
                _waits = true;
                (_waiting ??= new Timer(_ => Flush())).Change(MaxWait, Timeout.InfiniteTimeSpan);
                return true;
            }
            _busy = true;
        }
        Drain();
        return true;
    }

    /// <summary>Nothing leaves any more.</summary>
    public void End(RpcException cause)
    {
        lock (_lock)
        {
            _end ??= cause;
            while (_items.TryDequeue(out LinkItem item)) item.Sent?.TrySetException(_end);
        }
    }

    public void Dispose() => _waiting?.Dispose();

    private void Flush()
    {
        lock (_lock)
        {
            _waits = false;
            if (_busy || _items.Count == 0) return;
            _busy = true;
        }
        Drain();
    }

    /// <returns>True: it is on its way. False: the item is to be written, which may be a nudge by now.</returns>
    private bool TryRing(ref LinkItem item)
    {
        if (_ring is not { IsAttended: true } ring || item.Message is not { } envelope || !IsWhole(envelope)) return false;
        // The coordinator answers also while everybody computes.
        if (envelope.To is not { Role: not Contract.Role.Coordinator } || !ring.TryWrite(envelope, _envelopes)) return false;
        item = LinkItem.OfControl(new Contract.Delivery { Nudge = new() });
        return ring.IsAttended;
    }

    private void Drain()
    {
        do
        {
            // The pooled state of DrainAsync is given back when its result is taken; only one drains at a time, so one field is enough.
#pragma warning disable CA2012 // Its result is taken once, here or in Drained.
            _draining = DrainAsync();
#pragma warning restore CA2012
            if (!_draining.IsCompleted)
            {
                _draining.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_drained ??= Drained);
                return;
            }
            _draining.GetAwaiter().GetResult();
        }
        while (!TryRest());
    }

    private void Drained()
    {
        _draining.GetAwaiter().GetResult();
        if (!TryRest()) Drain();
    }

    private bool TryRest()
    {
        lock (_lock)
        {
            _busy = _items.Count > 0;
            return !_busy;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private async ValueTask DrainAsync()
    {
        try
        {
            while (TryTake(out LinkItem item)) await _writer.WriteAsync(item).ConfigureAwait(false);
            await _writer.FlushAsync().ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            End(e);
            failed(e);
        }
        catch (ObjectDisposedException)
        {
            // The link was closed under a tensor that was leaving: its owner knows, and has ended the queue.
        }
    }

    private bool TryTake(out LinkItem item)
    {
        lock (_lock) return _items.TryDequeue(out item);
    }

    /// <summary>Whether nothing of it comes in chunks.</summary>
    private static bool IsWhole(Contract.Envelope envelope)
    {
        // By index: an enumeration would allocate in each message.
        for (int i = 0; i < envelope.Tensors.Count; i++)
        {
            if (envelope.Tensors[i] is { Place: null, Bytes: > 0 }) return false;
        }
        return true;
    }
}
