using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// A node with a worker, a server or both. It keeps to the coordinator that the rendezvous names: it says that it lives, and joins again when it hears nothing, as who it is
/// where another coordinator has come, or else as another incarnation with nothing.
/// </summary>
internal sealed class SimulatedNode(SimulatedCluster cluster, string name, bool works, bool serves)
{
    private readonly List<IToyMember> _members = [];
    private readonly Queue<Action> _unread = new();
    private readonly EffectList _effects = new();
    private double _frozenUntil;
    private double _heardAt;
    private int _admittedIn;
    private bool _leaving;
    private SimulatedCoordinator? _coordinator;

    public string Name => name;

    public int Incarnation { get; private set; }

    public string Process { get; private set; } = $"{name}#0";

    public bool IsAlive { get; private set; }

    public bool IsFrozen => cluster.Clock.Now < _frozenUntil;

    public bool IsLeaving => _leaving;

    public bool Works => works;

    public bool Serves => serves;

    public IReadOnlyList<IToyMember> Members => _members;

    /// <summary>A new process of this name.</summary>
    public void Start()
    {
        Process = $"{name}#{++Incarnation}";
        (IsAlive, _leaving, _frozenUntil, _admittedIn, _coordinator) = (true, false, 0, 0, null);
        _members.Clear();
        _unread.Clear();
        _heardAt = cluster.Clock.Now;
        Tick(Incarnation);
    }

    public void Kill()
    {
        IsAlive = false;
        _members.Clear();
        cluster.Gone(Process);
    }

    public void Freeze(double milliseconds)
    {
        _frozenUntil = Math.Max(_frozenUntil, cluster.Clock.Now + milliseconds);
        cluster.Clock.At(_frozenUntil, Thaw);
    }

    public void Leave() => _leaving = true;

    /// <summary>The coordinator's: the node takes part with these.</summary>
    public void Enlist(SimulatedCoordinator coordinator, IEnumerable<IToyMember> members)
    {
        if (coordinator.Term < _admittedIn) return;
        (_coordinator, _admittedIn, _heardAt) = (coordinator, coordinator.Term, cluster.Clock.Now);
        if (_members.Count == 0) _members.AddRange(members);
    }

    /// <summary>The coordinator lives.</summary>
    public void Hear(SimulatedCoordinator coordinator)
    {
        if (coordinator == _coordinator) _heardAt = cluster.Clock.Now;
    }

    /// <summary>The coordinator has given this node up, or lets it go.</summary>
    public void Dismiss(int term, bool released)
    {
        if (term < _admittedIn) return;
        if (released && _leaving) Kill();
        else BeginAnew();
    }

    public void Deliver(Address to, Message message, float[]? tensor) => Receive(() =>
    {
        if (_members.Find(m => m.Address == to) is not { } member) return;
        if (tensor is not null) member.Receive(message, tensor);
        Step(member, message);
    });

    /// <summary>Whatever arrives while the process stands still is read when it goes on.</summary>
    public void Receive(Action what)
    {
        if (!IsAlive) return;
        if (IsFrozen) _unread.Enqueue(what);
        else what();
    }

    public string Describe() => $"{Process}: {(!IsAlive ? "dead" : IsFrozen ? "frozen" : "alive")}{string.Concat(_members.Select(m => $", {m.Describe()}"))}";

    private void BeginAnew()
    {
        cluster.Gone(Process);
        Start();
    }

    private void Thaw()
    {
        if (IsFrozen) return;
        int incarnation = Incarnation;
        while (IsAlive && Incarnation == incarnation && _unread.TryDequeue(out Action? what)) what();
    }

    private void Tick(int incarnation)
    {
        if (!IsAlive || Incarnation != incarnation) return;
        cluster.Clock.After(SimulatedCluster.HeartbeatInterval, () => Tick(incarnation));
        if (IsFrozen) return;
        SimulatedCoordinator? named = cluster.Rendezvous;
        bool silent = cluster.Clock.Now - _heardAt > SimulatedCluster.AcceptablePause + SimulatedCluster.HeartbeatInterval;
        // Who hears nothing looks who is named; one who steps meanwhile goes on stepping.
        if (_coordinator is null || silent || (named is not null && named != _coordinator && named.Term > _admittedIn))
        {
            if (named is null) return;
            (int term, int inc) = (_admittedIn, Incarnation);
            cluster.Call(this, named, () => named.Join(this, inc, term));
            return;
        }
        SimulatedCoordinator coordinator = _coordinator;
        bool leaving = _leaving;
        int self = Incarnation;
        cluster.Call(this, coordinator, () => coordinator.Hear(this, self, leaving));
    }

    private void Step(IToyMember member, Message message)
    {
        _effects.Clear();
        member.Step(message, _effects);
        foreach (EffectList.Entry entry in _effects.Entries)
        {
            if (entry.Message is not null) Send(member, entry.Target, entry.Message);
            else if (member.Perform(entry.Effect!, (to, sent) => Send(member, to, sent)) is { } done) Complete(member, done);
        }
    }

    private void Complete(IToyMember member, Message done)
    {
        int incarnation = Incarnation;
        cluster.Clock.After(cluster.TimeOf(done), () =>
        {
            if (IsAlive && Incarnation == incarnation) Receive(() => { if (Incarnation == incarnation && _members.Contains(member)) Step(member, done); });
        });
    }

    private void Send(IToyMember member, Address to, Message message)
    {
        float[]? tensor = member.TensorOf(message);
        if (to.Role != Role.Coordinator) cluster.Send(this, member.Address, to, message, tensor);
        else if (_coordinator is { } coordinator) cluster.Call(this, coordinator, () => coordinator.Deliver(message, tensor), message);
    }
}
