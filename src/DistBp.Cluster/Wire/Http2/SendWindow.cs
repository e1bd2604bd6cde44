using System.Runtime.CompilerServices;

namespace DistBp.Cluster.Wire.Http2;

/// <summary>How many bytes of DATA the other side takes yet, by stream and by connection (RFC 9113, section 5.2). One sender waits at most.</summary>
internal sealed class SendWindow(int connectionBytes, int streamBytes)
{
    private readonly Lock _lock = new();
    private long _connection = connectionBytes;
    private long _stream = streamBytes;
    private TaskCompletionSource? _waiting;
    private Exception? _end;

    /// <summary>Takes from 1 up to <paramref name="wanted"/> bytes; waits while there are none.</summary>
    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public async ValueTask<int> TakeAsync(int wanted, CancellationToken cancellation)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                if (_end is not null) throw _end;
                int taken = (int)Math.Min(wanted, Math.Min(_connection, _stream));
                if (taken > 0)
                {
                    _connection -= taken;
                    _stream -= taken;
                    return taken;
                }
                changed = (_waiting ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    public void Add(int connectionBytes, int streamBytes) => Change(connectionBytes, streamBytes, null);

    /// <summary>Nothing can be sent any more: who waits, or comes later, gets <paramref name="cause"/>.</summary>
    public void Close(Exception cause) => Change(0, 0, cause);

    private void Change(int connectionBytes, int streamBytes, Exception? end)
    {
        TaskCompletionSource? waiting;
        lock (_lock)
        {
            _connection += connectionBytes;
            _stream += streamBytes;
            _end ??= end;
            (waiting, _waiting) = (_waiting, null);
        }
        waiting?.SetResult();
    }
}
