namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>Time of a simulation, in milliseconds: it is where the next event is. Of two at one time the one that was planned first comes first.</summary>
internal sealed class VirtualClock
{
    private readonly PriorityQueue<Action, (double Time, long Order)> _events = new();
    private long _order;

    public double Now { get; private set; }

    public int Events { get; private set; }

    public void At(double time, Action what) => _events.Enqueue(what, (Math.Max(time, Now), _order++));

    public void After(double delay, Action what) => At(Now + delay, what);

    /// <returns>False where nothing is planned any more.</returns>
    public bool Advance()
    {
        if (!_events.TryDequeue(out Action? what, out (double Time, long Order) at)) return false;
        Now = at.Time;
        Events++;
        what();
        return true;
    }
}
