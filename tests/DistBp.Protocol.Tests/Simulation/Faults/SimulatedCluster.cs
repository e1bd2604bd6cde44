using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// A whole cluster of the real state machines in one thread, in virtual time, from one seed: nodes with workers and servers, coordinators that follow each other (one
/// restarts on its disk, or a standby takes the lease), a network, a disk. Nothing in it is random but by the seed, so a failing seed replays.
/// </summary>
internal sealed class SimulatedCluster
{
    /// <summary>Milliseconds.</summary>
    public const double HeartbeatInterval = 200, AcceptablePause = 2000, Lease = 3000;

    private readonly Dictionary<Address, Place> _places = [];
    private readonly List<SimulatedCoordinator> _coordinators = [];
    private readonly Dictionary<int, string> _effects = [];
    private readonly Random _random;
    private bool _standby;
    private long _committed;
    private long _committedAtKill;

    public SimulatedCluster(TrainingPlan plan, int seed, NetworkQuality quality)
    {
        (Plan, _random) = (plan, new Random(seed));
        Network = new SimulatedNetwork(Clock, new Random(seed + 1_000_003), quality);
        PartLength = (seed % 12) switch { 0 => 5, 3 or 6 or 9 => 25, 1 or 4 or 7 or 10 => 200, _ => 1500 };
    }

    public VirtualClock Clock { get; } = new();

    public SimulatedNetwork Network { get; }

    public SimulatedDisk Disk { get; } = new();

    public TrainingPlan Plan { get; }

    public List<SimulatedNode> Nodes { get; } = [];

    /// <summary>Floats of a shard that go at once into a copy that is being filled: some messages a block, or hundreds, which takes more steps than a copy may lack.</summary>
    public int PartLength { get; init; }

    /// <summary>The newest reign.</summary>
    public SimulatedCoordinator Coordinator => _coordinators[^1];

    public IReadOnlyList<SimulatedCoordinator> Reigns => _coordinators;

    /// <summary>Who is named: null while nobody reigns.</summary>
    public SimulatedCoordinator? Rendezvous => Coordinator.IsDead ? null : Coordinator;

    /// <summary>Shows what is sent and what happens, to find what is wrong with one seed.</summary>
    public Action<string>? Trace { get; set; }

    /// <summary>What nobody reads is not written: it would take longer than what it tells of.</summary>
    public bool IsTraced => Trace is not null;

    public RunOutcome? Outcome { get; private set; }

    public float[] Parameters { get; private set; } = [];

    /// <summary>The most steps that were made while there was no coordinator.</summary>
    public long StepsAlone { get; private set; }

    /// <summary>Where workers go at their own pace: the most versions that what one read for a step lacked.</summary>
    public long MaxStaleness { get; private set; }

    /// <summary>Whether another process takes the lease of one who is silent; else a coordinator that is gone comes back by itself.</summary>
    public void Start(int workers, int servers, bool standby)
    {
        _standby = standby;
        _coordinators.Add(new SimulatedCoordinator(this, "c1", Disk.NextTerm()));
        for (int i = 0; i < Math.Max(workers, servers); i++) Join(i < workers, i < servers);
        if (standby) WatchLease(Coordinator);
    }

    public SimulatedNode Join(bool works, bool serves)
    {
        var node = new SimulatedNode(this, $"n{Nodes.Count + 1}", works, serves);
        Nodes.Add(node);
        node.Start();
        return node;
    }

    public void KillCoordinator(double restartAfter)
    {
        if (Coordinator.IsDead) return;
        Coordinator.Die();
        _committedAtKill = _committed;
        if (!_standby) Clock.After(restartAfter, () => Reign("c1"));
    }

    /// <summary>Until the run has ended, or nothing happens any more, or the time is over.</summary>
    public void Run(double limit)
    {
        while (Outcome is null && Clock.Now < limit && Clock.Advance()) { }
    }

    public string Describe() =>
        $"at {Clock.Now:0} ms after {Clock.Events} events: {string.Join("; ", [.. _coordinators.Select(c => c.Describe()), .. Nodes.Select(n => n.Describe())])}";

    /// <summary>The time an effect takes.</summary>
    public double TimeOf(Message done) => done switch
    {
        GradientComputed => 20 + 20 * _random.NextDouble(),
        UpdateApplied or GradientsCombined => 1 + _random.NextDouble(),
        SubtreesEvaluated => 10,
        ShardLoaded or SlicesPrepared => 2,
        _ => 0.5,
    };

    public void Settle(Address member, SimulatedNode node, int incarnation) => _places[member] = new Place(node, incarnation, $"{node.Name}#{incarnation}");

    /// <summary>From one member to another.</summary>
    public void Send(SimulatedNode from, Address self, Address to, Message message, float[]? tensor)
    {
        if (!_places.TryGetValue(to, out Place place)) return;
        if (IsTraced) Note($"{self} -> {to}: {Short(message)}");
        if (place.Node == from)
        {
            int own = place.Incarnation;
            Clock.After(0.01, () => { if (from.Incarnation == own) from.Deliver(to, message, tensor); });
            return;
        }
        Network.Send(from.Process, place.Process, message, () => { if (place.Node.Incarnation == place.Incarnation) place.Node.Deliver(to, message, tensor); }, isControl: false);
    }

    /// <summary>From a coordinator to a member.</summary>
    public void Send(SimulatedCoordinator from, Address to, Message message)
    {
        if (!_places.TryGetValue(to, out Place place)) return;
        if (IsTraced) Note($"{from.Process} -> {to}: {Short(message)}");
        Network.Send(from.Process, place.Process, message, () => { if (place.Node.Incarnation == place.Incarnation) place.Node.Deliver(to, message, null); }, isControl: true);
    }

    public void Call(SimulatedNode from, SimulatedCoordinator to, Action what, Message? message = null)
    {
        if (IsTraced && message is not null) Note($"{from.Process} -> {to.Process}: {Short(message)}");
        if (message is StepCommitted report) _committed = Math.Max(_committed, report.Step + 1);
        Network.Send(from.Process, to.Process, message, () => to.Receive(what), isControl: true);
    }

    public void Note(string what) => Trace?.Invoke(FormattableString.Invariant($"{Clock.Now,9:0.00} {what}"));

    private static string Short(Message message)
    {
        string text = message.ToString();
        return text.Length < 220 ? text : text[..220];
    }

    public void Call(SimulatedCoordinator from, SimulatedNode to, Action what)
    {
        int incarnation = to.Incarnation;
        Network.Send(from.Process, to.Process, null, () => to.Receive(() => { if (to.Incarnation == incarnation) what(); }), isControl: true);
    }

    /// <summary>Its connections end: whoever had one notices within a round trip, and tells the coordinator.</summary>
    public void Gone(string process)
    {
        string name = process[..process.IndexOf('#', StringComparison.Ordinal)];
        foreach (SimulatedNode node in Nodes) Network.Break(node.Process, process);
        foreach (SimulatedCoordinator coordinator in _coordinators) Network.Break(coordinator.Process, process);
        if (Nodes.Find(n => n.Process == process) is not { } gone) return;
        (SimulatedCoordinator reign, int incarnation) = (Coordinator, gone.Incarnation);
        if (!Network.IsCut(name, reign.Node)) Clock.After(2, () => reign.Receive(() => reign.Drop(gone, incarnation)));
    }

    /// <summary>A connection between two members breaks: the coordinator is told, and believes the one that tells first.</summary>
    public void Break(SimulatedNode one, SimulatedNode other)
    {
        Network.Break(one.Process, other.Process);
        (SimulatedCoordinator reign, int incarnation) = (Coordinator, other.Incarnation);
        Call(one, reign, () => reign.Drop(other, incarnation));
    }

    public void Partition(string one, string other, bool bothWays, double milliseconds)
    {
        Network.Cut(one, other);
        if (bothWays) Network.Cut(other, one);
        Clock.After(milliseconds, () =>
        {
            Network.Heal(one, other);
            Network.Heal(other, one);
        });
    }

    /// <summary>A coordinator knows by its own clock that its lease is over, once it looks.</summary>
    public bool IsDeposed(SimulatedCoordinator coordinator) => _standby && coordinator != Coordinator;

    public void NoteEffect(SimulatedCoordinator coordinator, Assignment assignment)
    {
        // Two coordinators of one term, or an assignment of a coordinator that is deposed, must never be taken up by members.
        Assert.Equal(coordinator.Term, assignment.Generation.Term);
        if (_effects.TryGetValue(coordinator.Term, out string? other)) Assert.Equal(coordinator.Process, other);
        _effects[coordinator.Term] = coordinator.Process;
    }

    public void NoteRead(ShardRead read, long step) => MaxStaleness = Math.Max(MaxStaleness, step - read.Version);

    public void Finish(SimulatedCoordinator coordinator, RunOutcome outcome, float[] parameters)
    {
        Assert.False(_standby && coordinator != Coordinator, "a coordinator that was deposed has ended the run");
        (Outcome, Parameters) = (outcome, [.. parameters]);
    }

    private void Reign(string node)
    {
        if (!Coordinator.IsDead && !_standby) return;
        if (Coordinator.IsDead) StepsAlone = Math.Max(StepsAlone, _committed - _committedAtKill);
        _coordinators.Add(new SimulatedCoordinator(this, node, Disk.NextTerm()));
        if (_standby) WatchLease(Coordinator);
    }

    /// <summary>Whoever is dead or frozen for longer than the lease loses it; the standby is another node each time.</summary>
    private void WatchLease(SimulatedCoordinator holder, double silentSince = -1) => Clock.After(Lease / 3, () =>
    {
        if (holder != Coordinator || Outcome is not null) return;
        bool silent = holder.IsDead || holder.IsFrozen;
        double since = !silent ? -1 : silentSince >= 0 ? silentSince : Clock.Now;
        if (silent && Clock.Now - since >= Lease) Reign($"c{_coordinators.Count + 1}");
        else WatchLease(holder, since);
    });

    /// <summary>Where a member is.</summary>
    private readonly record struct Place(SimulatedNode Node, int Incarnation, string Process);
}
