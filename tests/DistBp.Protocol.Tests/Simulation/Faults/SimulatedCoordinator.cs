using DistBp.Protocol.Effects;
using DistBp.Protocol.Membership;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// One reign: hosts the roster and the run's coordinator. In a later reign than the first it takes over: for as long as members may need to notice it takes back those who
/// say that they were members before, then it goes on with those who are there.
/// </summary>
internal sealed class SimulatedCoordinator
{
    private readonly SimulatedCluster _cluster;
    private readonly SimulatedDisk _disk;
    private readonly Coordinator _machine;
    private readonly Roster _roster = new(new FailureDetection(
        TimeSpan.FromMilliseconds(SimulatedCluster.HeartbeatInterval), TimeSpan.FromMilliseconds(SimulatedCluster.AcceptablePause)));

    private readonly Dictionary<MemberId, Part> _parts = [];
    private readonly List<Address> _lost = [];
    private readonly Queue<Action> _unread = new();
    private readonly float[] _parameters = ToyProblem.Start.ToArray();
    private readonly Snapshot _captured;
    private Snapshot? _start;
    private Generation _generation;
    private double _frozenUntil;
    private bool _takesBack;

    /// <summary>A checkpoint's writing ends; the way back waits for it.</summary>
    private double _writtenAt;
    private bool _dead;

    /// <summary>Of these an earlier reign has told: nobody is told twice.</summary>
    private readonly int _epochsTold;

    /// <summary>Null where it takes over: from where, members say.</summary>
    private int? _epochs;
    private const double HeartbeatOffset = 1;

    public SimulatedCoordinator(SimulatedCluster cluster, string node, int term)
    {
        (_cluster, _disk, Node, Term, Process) = (cluster, cluster.Disk, node, term, $"{node}#{term}");
        TrainingPlan plan = cluster.Plan;
        if (_disk.Newest is { } start)
        {
            plan = plan with { StartVersion = start.Version, StartProgress = start.Progress };
            _start = start;
            start.Parameters.CopyTo(_parameters, 0);
        }
        // As a new process has it: what was kept as best comes from the checkpoint, if from anywhere.
        _captured = new Snapshot(0, plan.StartProgress, new float[ToyProblem.Layout.Count], new float[ToyProblem.Layout.Count], [.. _start?.Best ?? new float[ToyProblem.Layout.Count]]);
        _takesBack = term > 1;
        _epochsTold = _disk.Epochs.Count;
        if (!_takesBack) _epochs = plan.StartProgress.EpochsCompleted;
        _machine = new Coordinator(plan with { PersistedBefore = _disk.Ledger.Count }, term, takesOver: term > 1);
        if (_takesBack) cluster.Clock.After(SimulatedCluster.AcceptablePause + 2 * SimulatedCluster.HeartbeatInterval, EndTakingBack);
        cluster.Clock.After(HeartbeatOffset, Tick);
    }

    public string Node { get; }

    public int Term { get; }

    public string Process { get; }

    public bool IsFrozen => _cluster.Clock.Now < _frozenUntil;

    public bool IsDead => _dead;

    /// <summary>What was assigned in this reign and taken up by all.</summary>
    public List<Assignment> TakenUp { get; } = [];

    public string Describe() => $"{Process}{(_dead ? " dead" : IsFrozen ? " frozen" : "")}: {_machine.Describe()}";

    /// <summary>Ends at once; a checkpoint that is being written stays a torn file.</summary>
    public void Die()
    {
        _dead = true;
        _cluster.Gone(Process);
        if (_disk.Term == Term) _disk.LoseUnsynced();
    }

    public void Freeze(double milliseconds)
    {
        _frozenUntil = Math.Max(_frozenUntil, _cluster.Clock.Now + milliseconds);
        _cluster.Clock.At(_frozenUntil, Thaw);
    }

    public void Receive(Action what)
    {
        if (_dead) return;
        if (IsFrozen) _unread.Enqueue(what);
        else what();
    }

    public void Join(SimulatedNode node, int incarnation, int admittedIn)
    {
        var id = new MemberId(node.Name, (ulong)incarnation);
        if (_cluster.IsTraced) _cluster.Note($"{Process}: {node.Name}#{incarnation} joins, a member in term {admittedIn}");
        if (_parts.TryGetValue(id, out Part? known))
        {
            // Its admission was lost with a connection.
            if (!known.IsLost) Admit(node, incarnation, known);
            return;
        }
        if (admittedIn > Term) return;
        bool comesBack = admittedIn > 0;
        if (comesBack && (admittedIn == Term || !_takesBack))
        {
            // What it holds may be out of date.
            _cluster.Call(this, node, () => { if (node.Incarnation == incarnation) node.Dismiss(Term, released: false); });
            return;
        }
        var part = new Part(node, incarnation);
        if (comesBack) part.Members.AddRange(node.Members);
        Admission(new JoinRequested(new MemberDescription(id, NodeRoles.Worker, "", 1)), part);
    }

    public void Hear(SimulatedNode node, int incarnation, bool leaving)
    {
        var id = new MemberId(node.Name, (ulong)incarnation);
        if (!_parts.TryGetValue(id, out Part? part) || part.IsLost)
        {
            _cluster.Call(this, node, () => { if (node.Incarnation == incarnation) node.Dismiss(Term, released: false); });
            return;
        }
        StepRoster(leaving && !part.IsLeaving ? new LeaveRequested(id) : new HeartbeatReceived(id));
    }

    /// <summary>The run goes on without it.</summary>
    public void Drop(SimulatedNode node, int incarnation)
    {
        if (_parts.TryGetValue(new MemberId(node.Name, (ulong)incarnation), out Part? part) && !part.IsLost)
            StepRoster(new ConnectionEnded(part.Id, "unreachable"));
    }

    public void Deliver(Message message, float[]? tensor) => Receive(() =>
    {
        if (message is ShardCaptured captured && captured.Generation == _generation) Take(captured, tensor!);
        Step(message);
    });

    private void Tick()
    {
        if (_dead) return;
        _cluster.Clock.After(SimulatedCluster.HeartbeatInterval, Tick);
        if (IsFrozen) return;
        if (_cluster.IsDeposed(this))
        {
            Die();
            return;
        }
        StepRoster(TimePassed.Instance);
        foreach (Part part in _parts.Values.Where(p => !p.IsLost)) _cluster.Call(this, part.Node, () => part.Node.Hear(this));
    }

    private void Thaw()
    {
        // What lies unread is read before it is noticed that the lease is over: so a zombie acts.
        while (!_dead && !IsFrozen && _unread.TryDequeue(out Action? what)) what();
    }

    private void EndTakingBack() => Receive(() =>
    {
        _takesBack = false;
        // Whoever is not back by now counts as lost, so he must not come back as who he was.
        foreach (Part late in _parts.Values.Where(p => p is { IsActive: false, IsLost: false }).ToList()) StepRoster(new ConnectionEnded(late.Id, "late"));
        TellMembers();
    });

    private void Admission(JoinRequested request, Part part)
    {
        var effects = new EffectList();
        _roster.Step(request, Now, effects);
        foreach (EffectList.Entry entry in effects.Entries)
        {
            // Refused while an earlier process of its name is held for alive: it asks again.
            if (entry.Effect is not MemberAdmitted) return;
        }
        _parts[part.Id] = part;
        if (part.Members.Count == 0 && !Number(part)) return;
        Admit(part.Node, part.Incarnation, part);
    }

    /// <summary>Its members are there: others may send to them.</summary>
    private void OnEnlisted(Part part)
    {
        if (part.IsActive || part.IsLost) return;
        part.IsActive = true;
        if (!_takesBack) TellMembers();
    }

    /// <summary>False: another coordinator reigns, so this one may give no numbers.</summary>
    private bool Number(Part part)
    {
        if (_disk.TakeNumber(Term) is not { } number) return false;
        if (part.Node.Works) part.Members.Add(new ToyWorker(number, _cluster.Plan, _cluster.NoteRead));
        if (part.Node.Serves) part.Members.Add(new ToyServer(number, _cluster.Plan, _cluster.PartLength));
        foreach (IToyMember member in part.Members) _cluster.Settle(member.Address, part.Node, part.Incarnation);
        return true;
    }

    private void Admit(SimulatedNode node, int incarnation, Part part) => _cluster.Call(this, node, () =>
    {
        if (node.Incarnation != incarnation) return;
        node.Enlist(this, part.Members);
        _cluster.Call(node, this, () => OnEnlisted(part));
    });

    private TimeSpan Now => TimeSpan.FromMilliseconds(_cluster.Clock.Now);

    private void StepRoster(Message message)
    {
        var effects = new EffectList();
        _roster.Step(message, Now, effects);
        bool changed = false;
        foreach (EffectList.Entry entry in effects.Entries)
        {
            switch (entry.Effect)
            {
                case MemberLeaves e: (_parts[e.Member.Id].IsLeaving, changed) = (true, true); break;
                case MemberReleased e: Release(_parts[e.Member.Id]); break;
                case MemberLeft e: _parts[e.Member.Id].IsLost = true; break;
                case MemberLost e: (_, changed) = (Lose(_parts[e.Member.Id]), true); break;
            }
        }
        if (changed && !_takesBack) TellMembers();
    }

    private bool Lose(Part part)
    {
        part.IsLost = true;
        _lost.AddRange(part.Members.Select(m => m.Address));
        _cluster.Call(this, part.Node, () => { if (part.Node.Incarnation == part.Incarnation) part.Node.Dismiss(Term, released: false); });
        return true;
    }

    private void Release(Part part)
    {
        part.IsLost = true;
        StepRoster(new ConnectionEnded(part.Id, "released"));
        _cluster.Call(this, part.Node, () => { if (part.Node.Incarnation == part.Incarnation) part.Node.Dismiss(Term, released: true); });
    }

    private void TellMembers()
    {
        // Who wants to leave holds what a coordinator that takes over needs to know of: first it counts as there.
        bool settled = TakenUp.Count > 0 || Term == 1;
        Address[] there = [.. _parts.Values.Where(p => p is { IsLost: false, IsActive: true } && !(settled && p.IsLeaving)).SelectMany(p => p.Members).Select(m => m.Address)];
        Address[] lost = [.. _lost];
        _lost.Clear();
        Step(new MembersChanged(
            [.. there.Where(a => a.Role == Role.Worker).Select(a => a.Index).Order()], [.. there.Where(a => a.Role == Role.Server).Select(a => a.Index).Order()], lost));
    }

    private void Step(Message message)
    {
        if (_cluster.IsTraced && message is MembersChanged members)
            _cluster.Note($"{Process}: members {string.Join(" ", members.Workers)} | {string.Join(" ", members.Servers)}, lost {string.Join(" ", members.Lost)}");
        var effects = new EffectList();
        _machine.Step(message, effects);
        foreach (EffectList.Entry entry in effects.Entries)
        {
            if (_dead) return;
            if (entry.Message is Assign assign) _generation = assign.Generation;
            if (entry.Message is not null) _cluster.Send(this, entry.Target, entry.Message);
            else Perform(entry.Effect!);
        }
    }

    private void Complete(double delay, Func<Message> what) => _cluster.Clock.After(delay, () => Receive(() => Step(what())));

    private void Perform(Effect effect)
    {
        switch (effect)
        {
            case HandOverAll e: HandOver(e.Assignment); break;
            case AnnounceAssignment e: OnAnnounced(e.Assignment); break;
            case GoBack:
                Complete(Math.Max(5, _writtenAt - _cluster.Clock.Now + 1), () =>
                {
                    Snapshot? saved = _start = _disk.Newest;
                    if (_disk.Term == Term) _disk.CutLedger(saved?.Version ?? 0);
                    _epochs = saved?.Progress.EpochsCompleted ?? 0;
                    if (_disk.Term == Term) _disk.CutEpochs(Math.Max(_epochsTold, _epochs.Value));
                    (saved is null ? ToyProblem.Start : saved.Parameters).CopyTo(_parameters);
                    saved?.Best.CopyTo(_captured.Best, 0);
                    return new WentBack(saved?.Version ?? 0, saved?.Progress ?? _cluster.Plan.StartProgress);
                });
                break;
            // A write that is fenced: it fails, and this one knows that it is deposed before it has let members forget.
            case PersistReports when _disk.Term != Term: Die(); break;
            case PersistReports: _disk.Sync(); break;
            case ReportStep e: if (_disk.Term == Term) _disk.Append(e); break;
            case WriteCheckpoint e:
                var snapshot = new Snapshot(e.Version, e.Progress, [.. _captured.Parameters], [.. _captured.State], [.. _captured.Best]);
                _writtenAt = _cluster.Clock.Now + 30;
                Complete(30, () =>
                {
                    if (_disk.Term == Term) _disk.Save(snapshot);
                    return new CheckpointWritten(e.Version);
                });
                break;
            case FinishRun when _disk.Term != Term: Die(); break;
            case FinishRun e: _cluster.Finish(this, e.Outcome, _parameters); break;
            case FailDiverged or FailCopies: throw new InvalidOperationException($"{effect}");
            case ReportEpoch e: OnEpoch(e); break;
            case MeasureStepping or ReportStatistics or ReportSkip or ReportCopies: break;
            default: throw new InvalidOperationException($"{effect}");
        }
    }

    /// <summary>Each once and in order; only a way back may bring one again.</summary>
    private void OnEpoch(ReportEpoch epoch)
    {
        if (_epochs is null) Assert.InRange(epoch.Epoch, 1, _epochsTold + 1);
        else Assert.Equal(_epochs + 1, epoch.Epoch);
        _epochs = epoch.Epoch;
        if (_disk.Term == Term && epoch.Epoch > _epochsTold) _disk.Tell(epoch);
    }

    private void OnAnnounced(Assignment assignment)
    {
        bool first = TakenUp.Count == 0;
        TakenUp.Add(assignment);
        if (first && _parts.Values.Any(p => p is { IsLeaving: true, IsLost: false })) _cluster.Clock.After(0.01, () => Receive(TellMembers));
        _cluster.NoteEffect(this, assignment);
        foreach (Part part in _parts.Values.Where(p => p is { IsLeaving: true, IsLost: false }).ToList())
        {
            if (!part.Members.Exists(m => m.Address.Role == Role.Worker ? assignment.HasWorker(m.Address.Index) : assignment.HasServer(m.Address.Index)))
                StepRoster(new LeaveGranted(part.Id));
        }
    }

    private void HandOver(Assignment assignment)
    {
        Snapshot? saved = _start;
        foreach (int server in assignment.Servers)
        {
            foreach (int owner in (IEnumerable<int>)[server, .. assignment.BackedUpBy(server)])
            {
                ParameterShard shard = assignment.Shard(owner);
                if (shard.Count == 0) continue;
                _cluster.Send(this, Address.Server(server), new HandShard(
                    assignment.Generation, shard, Cut(_parameters, shard), saved is null ? [] : [Cut(saved.State, shard)], saved is null ? default : Cut(saved.Best, shard)));
            }
        }
    }

    private void Take(ShardCaptured message, float[] tensor)
    {
        bool withState = message.Target == CaptureTarget.Checkpoint;
        int offset = (int)tensor[0], count = (tensor.Length - 1) / (withState ? 2 : 1);
        Span<float> all = tensor.AsSpan(1);
        float[] destination = message.Target switch { CaptureTarget.Final => _parameters, CaptureTarget.Best or CaptureTarget.KeptBest => _captured.Best, _ => _captured.Parameters };
        all[..count].CopyTo(destination.AsSpan(offset));
        if (withState) all.Slice(count, count).CopyTo(_captured.State.AsSpan(offset));
    }

    private static float[] Cut(float[] values, ParameterShard range) => values.AsSpan(range.Offset, range.Count).ToArray();

    /// <summary>A node in the run, by incarnation.</summary>
    private sealed class Part(SimulatedNode node, int incarnation)
    {
        public SimulatedNode Node => node;

        public int Incarnation => incarnation;

        public MemberId Id => new(node.Name, (ulong)incarnation);

        public List<IToyMember> Members { get; } = [];

        public bool IsActive { get; set; }

        public bool IsLeaving { get; set; }

        public bool IsLost { get; set; }
    }
}
