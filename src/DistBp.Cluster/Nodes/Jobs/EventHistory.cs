using DistBp.Cluster.Wire.Control;

namespace DistBp.Cluster.Nodes.Jobs;

/// <summary>
/// What has happened in a job, for any number of watchers, each at a pace of its own. Bounded: where a watcher is too far behind, the oldest
/// events are gone, and it is told how many. The start and the end are kept.
/// </summary>
internal sealed class EventHistory
{
    public const int MaxBytes = 1 << 20;

    private readonly Lock _gate = new();
    private readonly Queue<RunEvent> _events = new();
    private RunEvent? _start;
    private RunEvent? _end;
    private long _first;
    private int _bytes;
    private TaskCompletionSource _changed = NewSignal();

    public void Start(RunStart start)
    {
        lock (_gate) _start = new RunEvent { Start = start };
        Signal();
    }

    /// <summary>What has happened in an earlier reign, before anything is added here.</summary>
    /// <param name="skipped">How many events were before.</param>
    /// <param name="lines">Each one object.</param>
    public void Recall(long skipped, IEnumerable<string> lines)
    {
        lock (_gate) _first = skipped;
        foreach (string line in lines) Add(line);
    }

    /// <param name="json">One object.</param>
    public void Add(string json)
    {
        lock (_gate)
        {
            var added = new RunEvent { Json = json };
            _events.Enqueue(added);
            _bytes += added.CalculateSize();
            while (_bytes > MaxBytes)
            {
                _bytes -= _events.Dequeue().CalculateSize();
                _first++;
            }
        }
        Signal();
    }

    /// <summary>Nothing follows; the first end counts.</summary>
    public void End(RunEnd end)
    {
        lock (_gate) _end ??= new RunEvent { End = end };
        Signal();
    }

    /// <summary>All events from the beginning, as they come, to the end.</summary>
    /// <param name="seen">So many are left out: they were read before.</param>
    public async IAsyncEnumerable<RunEvent> ReadAsync(long seen, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellation)
    {
        (bool started, long next) = (false, seen);
        while (true)
        {
            var batch = new List<RunEvent>();
            Task changed;
            lock (_gate)
            {
                changed = _changed.Task;
                if (!started && _start is not null) batch.Add(_start);
                started |= _start is not null;
                if (next < _first) batch.Add(new RunEvent { Missed = (ulong)(_first - next) });
                next = Math.Max(next, _first);
                batch.AddRange(_events.Skip((int)(next - _first)));
                next = Math.Max(next, _first + _events.Count);
                if (_end is not null) batch.Add(_end);
            }
            foreach (RunEvent e in batch) yield return e;
            if (batch is [.., { EventCase: RunEvent.EventOneofCase.End }]) yield break;
            await changed.WaitAsync(cancellation).ConfigureAwait(false);
        }
    }

    private void Signal()
    {
        TaskCompletionSource changed;
        lock (_gate) (changed, _changed) = (_changed, NewSignal());
        changed.SetResult();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
