using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// The coordinator's part that knows who is there, and leads from one assignment to the next. Between the two it has the servers stand still and decides which version
/// counts: servers update only when each has all gradients (they exchange norms before), so either one of them has committed the step under way
/// and all can, or none has and it is made again from the same parameters, by whoever is there.
/// </summary>
internal sealed class Muster(TrainingPlan plan, int term)
{
    private readonly HashSet<Address> _awaited = [];
    private readonly Dictionary<int, Suspended> _suspended = [];
    private readonly HashSet<Address> _lost = [];
    private IReadOnlyList<int> _workers = [];
    private IReadOnlyList<int> _servers = [];
    private Assignment? _holders;

    /// <summary>Copies of <see cref="_holders"/> that are not filled, and of <see cref="Current"/>: one set where that is the same.</summary>
    private HashSet<CopyPlace> _heldUnfilled = [], _unfilled = [];

    /// <summary>Holders that were lost already when <see cref="Current"/> was made.</summary>
    private int[] _without = [];
    private bool _completing;
    private int _number;
    private int _reportedUnfilled;

    /// <summary>The newest assignment, at work or being taken up; null before the first, and when the run goes back.</summary>
    public Assignment? Current { get; private set; }

    /// <summary>Members of whom nothing was heard yet that is waited for.</summary>
    public IReadOnlyCollection<Address> Awaited => _awaited;

    /// <summary>Steps that were left unapplied directly before the newest version.</summary>
    public int SkipsInRow { get; set; }

    public bool HasEnough => _workers.Count > 0 && _servers.Count > 0;

    /// <summary>Whether servers hold the shards, and not only the coordinator's host.</summary>
    public bool HandsOver => _holders is not null;

    /// <summary>Whether others are there than <see cref="Current"/> was made for.</summary>
    public bool IsOutdated => Current is null || !Current.Workers.SequenceEqual(_workers) || !Current.Servers.SequenceEqual(_servers);

    /// <summary>Whether a member of <see cref="Current"/> answers no more.</summary>
    public bool MissesMember =>
        Current is not null && _lost.Any(m => m.Role == Role.Server ? Current.HasServer(m.Index) : Current.HasWorker(m.Index));

    /// <summary>Whether a shard is gone with its server and all who had a whole copy of it.</summary>
    public bool MissesShard => Held is { } held && held.Assignment.Servers.Any(s => held.Holder(s) is null);

    /// <summary>Whether a server that hands its shard over has gone since <see cref="Current"/> was made: whoever waits for it must be told to get it from a copy.</summary>
    public bool MissesHolder => _holders is not null && LostServers.Except(_without).Any();

    /// <summary>Copies of <see cref="Current"/> that are being filled.</summary>
    public int UnfilledCount => _unfilled.Count;

    private Holdings? Held => _holders is null ? null : new Holdings(_holders, LostServers, _heldUnfilled);

    private int[] LostServers => [.. _lost.Where(m => m.Role == Role.Server && _holders!.HasServer(m.Index)).Select(m => m.Index)];

    public void Change(MembersChanged members)
    {
        (_workers, _servers) = (members.Workers, members.Servers);
        _lost.UnionWith(members.Lost);
        _awaited.ExceptWith(members.Lost);
    }

    /// <summary>What the coordinator's host holds counts from now on, and nothing that members of the assignment still say.</summary>
    public void Forget()
    {
        Current = null;
        _holders = null;
        _heldUnfilled = _unfilled = [];
        SkipsInRow = 0;
    }

    /// <summary>Members of another coordinator's reign have told what they have: from there it goes on.</summary>
    /// <param name="unfilled">Copies that are not filled.</param>
    public void Adopt(Assignment held, IEnumerable<CopyPlace> unfilled, IEnumerable<Suspended> standing)
    {
        (Current, _holders, _completing) = (held, held, false);
        _heldUnfilled = _unfilled = [.. unfilled];
        _lost.UnionWith(held.Servers.Except(_servers).Select(Address.Server));
        _lost.UnionWith(held.Workers.Except(_workers).Select(Address.Worker));
        _suspended.Clear();
        _awaited.Clear();
        foreach (Suspended server in standing) _suspended[server.Server] = server;
    }

    /// <param name="reported">Reports of steps before this one have come.</param>
    public void Suspend(long reported, EffectList effects)
    {
        _suspended.Clear();
        _awaited.Clear();
        _completing = false;
        SendToServers(Current!, new Suspend(Current!.Generation, reported), effects);
        _awaited.ExceptWith(_lost);
    }

    /// <summary>One that arrives again, late, says nothing new.</summary>
    public void Add(Suspended message)
    {
        if (_suspended.TryGetValue(message.Server, out Suspended? known) && known.Version >= message.Version) return;
        _suspended[message.Server] = message;
        _awaited.Remove(Address.Server(message.Server));
    }

    /// <summary>The version at which all servers stand; null while one of them has yet to say so.</summary>
    public long? Settle(EffectList effects)
    {
        if (_awaited.Count > 0) return null;
        Suspended newest = _suspended.Values.MaxBy(s => s.Version)!;
        foreach (Suspended behind in _suspended.Values.Where(s => s.Version < newest.Version && !_lost.Contains(Address.Server(s.Server))))
        {
            if (!_completing) effects.Send(Address.Server(behind.Server), new Complete(Current!.Generation) { Norms = newest.Decided });
            _awaited.Add(Address.Server(behind.Server));
        }
        _completing = true;
        if (_awaited.Count > 0) return null;
        SkipsInRow = newest.SkipsInRow;
        return newest.Version;
    }

    /// <summary>A new assignment for all who are there; <see cref="HasEnough"/> holds.</summary>
    /// <param name="version">Of the shards.</param>
    /// <param name="restored">How many of the versions are no steps.</param>
    /// <param name="course">For one who takes over.</param>
    public void Assign(long version, int restored, Course? course, EffectList effects)
    {
        Current = new Assignment(new Generation(term, ++_number), _workers, _servers, plan.Slices, plan.UpdatedCount) { Replication = plan.Replication };
        _awaited.Clear();
        Holdings? held = Held;
        _without = held is null ? [] : LostServers;
        _unfilled = [.. Holdings.UnfilledIn(Current, held)];
        var assign = new Assign(Current, _holders, version, plan.MaxSkips, SkipsInRow)
        {
            LostServers = _without, Unfilled = [.. _heldUnfilled], KeepsReports = plan.KeepsReports, Restored = restored, Course = course,
        };
        SendToServers(Current, assign, effects);
        foreach (int worker in _workers)
        {
            effects.Send(Address.Worker(worker), assign);
            _awaited.Add(Address.Worker(worker));
        }
        foreach (int leaving in _holders?.Servers.Where(s => !Current.HasServer(s)) ?? []) effects.Send(Address.Server(leaving), assign);
        if (plan.KeepsResiduals)
        {
            foreach (int leaving in _holders?.Workers.Where(w => !Current.HasWorker(w)) ?? []) effects.Send(Address.Worker(leaving), assign);
            SpeakFor(_lost, effects);
        }
        if (_holders is null) effects.Perform(new HandOverAll(Current));
    }

    /// <summary>Who is lost hands no residuals over: nobody shall wait for them. Whoever got them before passes this over.</summary>
    public void SpeakFor(IEnumerable<Address> lost, EffectList effects)
    {
        if (!plan.KeepsResiduals || _holders is null) return;
        foreach (Address gone in lost.Where(m => m.Role == Role.Worker))
        {
            foreach (int heir in Current!.Workers.Where(w => Current.Inherits(w, _holders, gone.Index)))
                effects.Send(Address.Worker(heir), new HandResiduals(Current.Generation, gone, []));
        }
    }

    /// <summary>True when the last member has said that it is ready.</summary>
    public bool Ready(Address member, EffectList effects)
    {
        if (!_awaited.Remove(member) || _awaited.Count > 0) return false;
        ReportLostResiduals(effects);
        (_holders, _heldUnfilled) = (Current, _unfilled);
        effects.Perform(new AnnounceAssignment(Current!));
        ReportCopies(effects);
        return true;
    }

    /// <summary>From here on the copy can take its shard's place.</summary>
    public void Fill(CopyFilled message, EffectList effects)
    {
        if (_unfilled.Remove(new CopyPlace(message.Owner, message.Backup)) && _unfilled.Count == 0 && _holders == Current) ReportCopies(effects);
    }

    private void ReportCopies(EffectList effects)
    {
        if (_unfilled.Count == _reportedUnfilled) return;
        _reportedUnfilled = _unfilled.Count;
        effects.Perform(new ReportCopies(_unfilled.Count));
    }

    private void ReportLostResiduals(EffectList effects)
    {
        if (!plan.KeepsResiduals || _holders is null) return;
        foreach (int worker in _holders.Workers.Where(w => _lost.Contains(Address.Worker(w)) && _holders.Subtrees(w).Count > 0))
            effects.Perform(new ReportLostResiduals(worker, _holders.Subtrees(worker)));
    }

    private void SendToServers(Assignment assignment, Message message, EffectList effects)
    {
        foreach (int server in assignment.Servers)
        {
            effects.Send(Address.Server(server), message);
            _awaited.Add(Address.Server(server));
        }
    }
}
