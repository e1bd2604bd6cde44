using DistBp.Learning.Benchmarks;

namespace DistBp.Cluster.Actors;

/// <summary>
/// The rows of a worker's next step, gathered by a thread that would wait for the others of this step. The workspace's inputs are free by
/// then. If no thread has the time, or another takes over the worker's computation first, the computation gathers them itself.
/// </summary>
internal sealed class GatherAhead(Action<long> gather) : IComputation
{
    private const int Nothing = 0;
    private const int Prepared = 1;
    private const int Running = 2;
    private const int Done = 3;
    private int _state;
    private long _step;

    /// <summary>From here on the rows of <paramref name="step"/> may be gathered.</summary>
    public void Prepare(long step)
    {
        _step = step;
        Volatile.Write(ref _state, Prepared);
    }

    public void Run()
    {
        if (Interlocked.CompareExchange(ref _state, Running, Prepared) != Prepared) return;
        try
        {
            gather(_step);
        }
        catch
        {
            // Whoever waits in Claim must not wait for ever; the pool tells of the failure.
            _step = -1;
            throw;
        }
        finally
        {
            Volatile.Write(ref _state, Done);
        }
        StepPhases.End(StepPhase.Gather);
    }

    /// <summary>True where the rows of the step are there; otherwise nobody gathers them any more but the caller.</summary>
    public bool Claim(long step)
    {
        if (Interlocked.CompareExchange(ref _state, Nothing, Prepared) is Prepared or Nothing) return false;
        // Under way on another thread: some tens of microseconds.
        var spin = new SpinWait();
        while (Volatile.Read(ref _state) != Done) spin.SpinOnce(sleep1Threshold: -1);
        Volatile.Write(ref _state, Nothing);
        return _step == step;
    }
}
