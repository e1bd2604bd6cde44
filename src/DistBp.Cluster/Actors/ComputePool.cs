using System.Diagnostics;
using DistBp.Learning.Benchmarks;

namespace DistBp.Cluster.Actors;

/// <summary>Work of milliseconds that an actor hands to the <see cref="ComputePool"/>. Owned by its actor and reused: one at a time.</summary>
internal interface IComputation
{
    void Run();
}

/// <summary>
/// The threads that compute: gradients, reductions, updates. A computation goes to the lane of its owner, so that a worker's and a shard's
/// memory stays in one core's cache; a thread with nothing to do for a while takes from others. Idle threads spin first, for a barrier
/// between actors takes microseconds and a wake-up tens of them, and then park.
/// </summary>
internal sealed class ComputePool : IDisposable
{
    /// <summary>How often an idle thread looks for work before it parks: some 200 µs, longer than workers of one step are apart.</summary>
    private const int SpinRounds = 5000;

    /// <summary>Where others of this machine wait for the core: nodes that share it, and the threads that bring their messages.</summary>
    private const int SharedSpinRounds = 100;

    /// <summary>Where what it waits for comes without any other thread, it looks for longer than peers of one step are apart, but offers the core now and then to whom it shares it with.</summary>
    private const int YieldRounds = 64;
    private static readonly TimeSpan MaxLooking = TimeSpan.FromMilliseconds(2);

    /// <summary>How often it looks into its own lane alone: some 20 µs, in which a computation's own thread comes back to it.</summary>
    private const int StealRounds = 500;

    private readonly Lane[] _lanes;
    private readonly IComputation?[] _offers;
    private readonly Thread[] _threads;
    private readonly object _parking = new();
    private readonly int _spinRounds;
    private readonly Action<Exception> _fail;
    private int _pending;
    private int _parked;
    private volatile bool _stopping;

    /// <param name="threads">At least 1.</param>
    /// <param name="capacity">Computations that may wait in a lane: the number of actors.</param>
    /// <param name="fail">Hears of a computation that threw.</param>
    /// <param name="sharesCores">What the threads wait for comes over the wire: they leave the core to who brings it.</param>
    public ComputePool(int threads, int capacity, Action<Exception> fail, bool sharesCores = false)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        (_fail, Attendance) = (fail, new Attendance(threads));
        _spinRounds = sharesCores ? SharedSpinRounds : SpinRounds;
        _lanes = [.. Enumerable.Range(0, threads).Select(_ => new Lane(capacity))];
        _offers = new IComputation?[threads];
        _threads = [.. Enumerable.Range(0, threads).Select(i => new Thread(() => Work(i)) { IsBackground = true, Name = $"distbp compute {i}" })];
        foreach (Thread thread in _threads) thread.Start();
    }

    public int ThreadCount => _threads.Length;

    /// <summary>What the threads look at before they go to sleep.</summary>
    public Attendance Attendance { get; }

    /// <param name="owner">The number of the worker or server; picks the lane.</param>
    public void Enqueue(int owner, IComputation computation)
    {
        _lanes[owner % _lanes.Length].Add(computation);
        Interlocked.Increment(ref _pending);
        if (Volatile.Read(ref _parked) == 0) return;
        lock (_parking) Monitor.PulseAll(_parking);
    }

    /// <summary>Work that the owner's thread may do while it would wait. At most one a lane is kept, and nobody may count on it.</summary>
    public void Offer(int owner, IComputation computation) =>
        Interlocked.CompareExchange(ref _offers[owner % _lanes.Length], computation, null);

    /// <summary>Lets computations under way end, and the threads with them.</summary>
    public void Dispose()
    {
        _stopping = true;
        lock (_parking) Monitor.PulseAll(_parking);
        foreach (Thread thread in _threads)
        {
            if (thread != Thread.CurrentThread) thread.Join();
        }
    }

    private void Work(int own)
    {
        Attendance.Enter();
        while (!_stopping)
        {
            if (Await(own) is { } computation) Run(computation);
        }
        Attendance.Leave();
    }

    private void Run(IComputation computation)
    {
        StepPhases.End(StepPhase.Wait);
        try
        {
            computation.Run();
        }
        catch (Exception failure)
        {
            // The edge of the host: what goes wrong in a computation ends the run and is told by it.
            _fail(failure);
        }
        StepPhases.End(StepPhase.Messages);
    }

    /// <summary>The next computation of the own lane, or, when that stays empty, of another; null after a park.</summary>
    private IComputation? Await(int own)
    {
        bool looks = Attendance.HasPlaces;
        long since = looks ? Stopwatch.GetTimestamp() : 0;
        for (int round = 0; (looks || round < _spinRounds) && !_stopping; round++)
        {
            // Also between two computations: what comes must not wait for an empty lane.
            if (Attendance.Look()) (round, since) = (0, Stopwatch.GetTimestamp());
            if (Take(own) is { } mine) return mine;
            if (Volatile.Read(ref _offers[own]) is not null && Interlocked.Exchange(ref _offers[own], null) is { } offer) return offer;
            if (round >= StealRounds && Volatile.Read(ref _pending) > 0 && Steal(own) is { } other) return other;
            if (looks && round % YieldRounds == YieldRounds - 1)
            {
                if (Stopwatch.GetElapsedTime(since) >= MaxLooking) break;
                Thread.Yield();
            }
            else
            {
                Thread.SpinWait(1);
            }
        }
        if (Attendance.Leave())
        {
            Attendance.Enter();
            return null;
        }
        lock (_parking)
        {
            // Counted before the last look, and looked for after every add: no work is slept over.
            Interlocked.Increment(ref _parked);
            while (Volatile.Read(ref _pending) == 0 && !_stopping) Monitor.Wait(_parking);
            Interlocked.Decrement(ref _parked);
        }
        Attendance.Enter();
        return null;
    }

    private IComputation? Steal(int own)
    {
        for (int i = 1; i < _lanes.Length; i++)
        {
            if (Take((own + i) % _lanes.Length) is { } computation) return computation;
        }
        return null;
    }

    private IComputation? Take(int lane)
    {
        if (_lanes[lane].TryTake() is not { } computation) return null;
        Interlocked.Decrement(ref _pending);
        return computation;
    }

    private sealed class Lane(int capacity)
    {
        private readonly IComputation?[] _ring = new IComputation?[capacity];
        private readonly Lock _lock = new();
        private int _head;
        private int _count;

        public void Add(IComputation computation)
        {
            lock (_lock)
            {
                if (_count == _ring.Length) throw new InvalidOperationException($"More than {_ring.Length} computations wait: an actor has more than one under way.");
                _ring[(_head + _count++) % _ring.Length] = computation;
            }
        }

        public IComputation? TryTake()
        {
            if (Volatile.Read(ref _count) == 0) return null;
            lock (_lock)
            {
                if (_count == 0) return null;
                IComputation? computation = _ring[_head];
                _ring[_head] = null;
                _head = (_head + 1) % _ring.Length;
                _count--;
                return computation;
            }
        }
    }
}
