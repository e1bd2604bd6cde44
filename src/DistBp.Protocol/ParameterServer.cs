using System.Diagnostics;
using DistBp.Learning;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// The owner of one parameter shard: gathers the subtrees of a step until they cover the root, exchanges the norms with the other servers,
/// clips and applies the optimizer, and announces the new version. A NaN or an infinity anywhere rejects the step on every server at once:
/// the run ends, or the version advances and the parameters stay.
/// </summary>
/// <param name="partLength">Floats of a shard that go at once into a copy that is filled while steps are made.</param>
public sealed class ParameterServer(int index, ConsistencyMode? mode = null, int partLength = ParameterServer.DefaultPartLength)
{
    /// <summary>4 MiB, and as much for each number that the optimizer keeps: a message of a step waits no longer for it.</summary>
    private const int DefaultPartLength = 1 << 20;

    /// <summary>Steps whose gradients a backup keeps for a copy that is being filled: before the next one it must be filled.</summary>
    public const int MaxStepsAhead = 8;

    private readonly StepRule _rule = StepRule.Of(mode ?? ConsistencyMode.Exact);
    private readonly EarlyMessages _early = new();
    private readonly List<HandShard> _handed = [];
    private readonly Replicas _replicas = new();
    private readonly CopyFills _fills = new(index, partLength);
    private readonly ReportLog _reports = new();

    /// <summary>Of the next update: another server has ended this one before.</summary>
    private readonly List<MemberMessage> _ahead = [];

    /// <summary>What is to be told of the mini-batches of the update.</summary>
    private readonly List<MemberMessage> _told = [];

    /// <summary>Of this version, in this generation: what was copied for them, or is being copied.</summary>
    private readonly HashSet<CaptureTarget> _captured = [];
    private Phase _phase = Phase.Unassigned;
    private Assignment? _assignment;

    /// <summary>The last one that all members took up: from its shards the next one's are made.</summary>
    private Holding? _held;

    /// <summary>The one whose shard was loaded last.</summary>
    private Holding? _loaded;
    private ShareNorms?[] _shared = [];

    /// <summary>Those of the step before.</summary>
    private ShareNorms?[] _decided = [];
    private ShareNorms? _normsDue;
    private SegmentNorms[] _norms = [];
    private ReadOnlyMemory<double> _sums;
    private double _gradientNorm;
    private double _rateFactor = 1;
    private long _version;

    /// <summary>The number of the next update: in bsp the version, else there are several a version.</summary>
    private long _update;

    /// <summary>That of the first one in this generation.</summary>
    private long _firstUpdate;
    private long _until;
    private bool _haltRequested;
    private bool _halting;
    private bool _suspendRequested;
    private bool _clamped;
    private int _maxSkips;
    private int _skipsInRow;

    /// <summary>The newest that was heard of: words of a coordinator of an older one are void.</summary>
    private int _term;
    private bool _standingDue;
    private long _reportsDue;
    private long _proceededFrom = -1;
    private bool _keepsReports;
    private int _restored;
    private Course? _course;

    private enum Phase
    {
        Unassigned,

        /// <summary>Parts of the shard come from those who have it.</summary>
        Receiving,
        Loading,

        /// <summary>Gathering the subtrees of the step that <see cref="_version"/> is the parameters of.</summary>
        Gathering,
        Combining,

        /// <summary>The backups of the shard get the step's gradient. Nobody else has heard of it.</summary>
        Replicating,
        ExchangingNorms,
        Updating,
        Copying,
        RestoringBest,

        /// <summary>Between two steps; whatever comes of this generation is void.</summary>
        Suspended,

        /// <summary>In a step: the own norms are sent, those of others are kept. Only the coordinator knows whether the step counts.</summary>
        SuspendedInStep,

        /// <summary>In no assignment any more.</summary>
        Retired,

        /// <summary>The step's gradient was not finite: nothing is applied any more.</summary>
        Diverged,
    }

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() =>
        $"server {index}: {_phase.ToString().ToLowerInvariant()}, version {_version}, {_rule.SliceCount} of {_assignment?.Slices ?? 0} slices";

    public void Step(Message message, EffectList effects)
    {
        if (message is MemberMessage member and not (Assign or TakeOver) && IsForeign(member.Generation))
        {
            _early.Keep(member, _assignment);
            return;
        }
        switch (message)
        {
            case Assign m: OnAssign(m, effects); break;
            case HandShard m: OnHandShard(m, effects); break;
            case TakeOver m: OnTakeOver(m, effects); break;
            // Of one who is no coordinator any more: another one has taken over.
            case Suspend or Proceed or RequestHalt or CaptureShard or RestoreBest or ShowExact when _term > _assignment!.Generation.Term: break;
            case Suspend m: OnSuspend(m, effects); break;
            case Complete m: OnComplete(m, effects); break;
            case ShardLoaded m: OnShardLoaded(m, effects); break;
            case Proceed m: OnProceed(m, effects); break;
            case RequestHalt: _haltRequested = true; break;
            case PushGradient m: OnPushGradient(m, effects); break;
            case CloseUpdate m: OnCloseUpdate(m, effects); break;
            case GradientsCombined m: OnGradientsCombined(m, effects); break;
            case ReplicateGradient m: OnReplicateGradient(m, effects); break;
            case CopyProgressed m: _fills.Progress(m, effects); break;
            case GradientReplicated m: OnGradientReplicated(m, effects); break;
            case ShareNorms m: OnShareNorms(m, effects); break;
            case UpdateApplied m: OnUpdateApplied(m, effects); break;
            case CaptureShard m: OnCaptureShard(m, effects); break;
            case ShardCopied m: OnShardCopied(m, effects); break;
            case RestoreBest m: OnRestoreBest(m, effects); break;
            case ShowExact m: OnShowExact(m, effects); break;
            case ShardRestored m: OnShardRestored(m, effects); break;
            default: throw new UnreachableException($"A server received {message}.");
        }
    }

    private bool IsLead => _assignment!.Lead == index;

    /// <summary>Whether it has the metric sums of steps: so have the lead server and its backups.</summary>
    private bool KnowsSums => IsLead || _replicas.Owners.Contains(_assignment!.Lead);

    /// <summary>Exact where members have not changed in the middle of an epoch; after some thousand it plays no part.</summary>
    private long UpdatesBefore => _rule.Announces ? _version : _rule.Step * _assignment!.Workers.Count + _update % _assignment.Workers.Count;

    private bool IsForeign(Generation generation) => _assignment is null || generation != _assignment.Generation;

    private void OnAssign(Assign message, EffectList effects)
    {
        if (message.Generation.Term < _term || (_assignment is not null && message.Generation <= _assignment.Generation)) return;
        HandOver(message, effects);
        _assignment = message.Assignment;
        _term = message.Generation.Term;
        _rule.Begin(_assignment, message.Version);
        _ahead.Clear();
        _handed.Clear();
        _captured.Clear();
        _version = _update = _firstUpdate = _until = message.Version;
        _maxSkips = message.MaxSkips;
        _skipsInRow = message.SkipsInRow;
        _haltRequested = _halting = _suspendRequested = _standingDue = false;
        (_keepsReports, _restored, _proceededFrom) = (message.KeepsReports, message.Restored, -1);
        Follow(message.Course);
        _reports.DropFrom(message.Version - message.Restored);
        if (!_assignment.HasServer(index))
        {
            _phase = Phase.Retired;
            return;
        }
        _replicas.Begin(_assignment, index);
        _fills.Begin(_assignment, Holdings.UnfilledIn(_assignment, message.HeldBefore()));
        _shared = new ShareNorms?[_assignment.Servers.Count];
        _decided = new ShareNorms?[_assignment.Servers.Count];
        _norms = new SegmentNorms[_assignment.Servers.Count];
        _phase = Phase.Receiving;
        LoadWhenCovered(effects);
        foreach (MemberMessage early in _early.Take(_assignment)) Step(early, effects);
    }

    private void Follow(Course? course) => _course = course ?? _course;

    /// <summary>
    /// To each new owner, oneself too, what of the old shard he owns from now on; of a server that is lost the first of its backups that has it does it. And to oneself what
    /// new copies are made of, where all that belongs into them is here: others their owners fill.
    /// </summary>
    private void HandOver(Assign message, EffectList effects)
    {
        if (message.HeldBefore() is not { } before) return;
        if (message.Previous!.Generation == _loaded?.Assignment.Generation) _held = _loaded;
        if (message.Previous.Generation != _held?.Assignment.Generation) return;
        Assignment next = message.Assignment;
        int[] copied = next.HasServer(index) ? [.. next.BackedUpBy(index).Where(o => before.Covers(index, next.Shard(o)))] : [];
        foreach (int owner in before.Assignment.Servers.Where(o => before.Has(index, o)))
        {
            ParameterShard mine = before.Assignment.Shard(owner);
            IEnumerable<(int Server, ParameterShard Shard)> shards = copied.Select(o => (index, next.Shard(o)));
            if (before.Holder(owner) == index) shards = [.. next.Servers.Select(s => (s, next.Shard(s))), .. shards];
            foreach ((int server, ParameterShard shard) in shards)
            {
                ParameterShard range = mine.Overlap(shard);
                if (range.Count > 0) effects.Perform(new HandOver(message.Generation, before.Assignment.Generation, owner, server, range));
            }
        }
    }

    private void OnHandShard(HandShard message, EffectList effects)
    {
        if (_fills.OwnerOf(message) is { } owner)
        {
            OnCopyPart(owner, message, effects);
            return;
        }
        if (_phase != Phase.Receiving || _handed.Exists(h => h.Range.Offset == message.Range.Offset)) return;
        _handed.Add(message);
        LoadWhenCovered(effects);
    }

    private void LoadWhenCovered(EffectList effects)
    {
        ParameterShard shard = _assignment!.Shard(index);
        ShardCopy[] copies = [.. _replicas.Owners.Where(_fills.IsFilled).Select(o => new ShardCopy(o, _assignment.Shard(o)))];
        if (_handed.Sum(h => h.Range.Count) < shard.Count + copies.Sum(c => c.Shard.Count)) return;
        _phase = Phase.Loading;
        effects.Perform(new LoadShard(_assignment.Generation, shard, [.. _handed]) { Copies = copies });
    }

    /// <summary>Workers get the shard's parameters from here: who has just joined has none.</summary>
    private void OnShardLoaded(ShardLoaded message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = Phase.Gathering;
        _loaded = new Holding(_assignment!, _fills.Unfilled);
        _handed.Clear();
        Announce(effects);
        effects.Send(Address.Coordinator, new ServerReady(message.Generation, index));
    }

    private void OnCopyPart(int owner, HandShard part, EffectList effects)
    {
        if (!_fills.Take(owner, part, effects)) return;
        // One may have waited for this; the others are acknowledged once more.
        foreach (ReplicateGradient kept in _replicas.KeptOf(owner)) Acknowledge(kept, effects);
    }

    private void Announce(EffectList effects, bool skipped = false)
    {
        var committed = new ShardCommitted(_assignment!.Generation, index, _version, _halting, skipped);
        // By index, here and in other steps: enumerating an interface would allocate.
        for (int i = 0; i < _assignment.Workers.Count; i++) effects.Send(Address.Worker(_assignment.Workers[i]), committed);
    }

    private void OnSuspend(Suspend message, EffectList effects)
    {
        _reportsDue = message.Reported;
        SuspendSoon(effects);
    }

    private void SuspendSoon(EffectList effects)
    {
        _suspendRequested = true;
        if (_phase is Phase.Gathering or Phase.Replicating or Phase.Diverged) BecomeSuspended(Phase.Suspended, effects);
        else if (_phase == Phase.ExchangingNorms) BecomeSuspended(Phase.SuspendedInStep, effects);
    }

    private void BecomeSuspended(Phase phase, EffectList effects)
    {
        _phase = phase;
        if (_standingDue) Stand(effects);
        else
        {
            effects.Send(Address.Coordinator, new Suspended(_assignment!.Generation, index, _version, _skipsInRow)
            {
                Decided = Decided, Reports = _reports.From(_reportsDue),
            });
        }
    }

    private IReadOnlyList<ShareNorms> Decided => [.. _decided.OfType<ShareNorms>()];

    /// <summary>Whoever is in a step ends it first; whoever has nothing under way that could change the version says so at once.</summary>
    private void OnTakeOver(TakeOver message, EffectList effects)
    {
        if (message.Term <= _term) return;
        (_term, _standingDue) = (message.Term, true);
        SuspendSoon(effects);
        if (_standingDue && _phase is not (Phase.Combining or Phase.Updating)) Stand(effects);
    }

    private void Stand(EffectList effects)
    {
        _standingDue = false;
        _reportsDue = _course?.From ?? 0;
        effects.Send(Address.Coordinator, new ServerStanding(_term, index, _held?.Assignment, _loaded?.Assignment, _version, _skipsInRow)
        {
            UnfilledOfHeld = [.. _held?.Unfilled ?? []], UnfilledOfLoaded = [.. _loaded?.Unfilled ?? []],
            Restored = _restored, Course = _course, Decided = Decided, Reports = _reports.From(_reportsDue),
        });
    }

    /// <summary>Norms of one who is gone may never have arrived.</summary>
    private void OnComplete(Complete message, EffectList effects)
    {
        if (_phase != Phase.SuspendedInStep) return;
        _phase = Phase.ExchangingNorms;
        foreach (ShareNorms norms in message.Norms.Where(n => n.Step == _update)) _shared[_assignment!.PositionOfServer(norms.Server)] = norms;
        DecideWhenShared(effects);
    }

    /// <summary>Pushes of the step may have come before this; they wait for it, for it brings the rate and the stop point.</summary>
    private void OnProceed(Proceed message, EffectList effects)
    {
        // One that arrives again, late.
        if (message.From <= _proceededFrom) return;
        _proceededFrom = message.From;
        _until = _rule.Until = message.Until;
        Follow(message.Course);
        _reports.DropBefore(message.From);
        _rateFactor = message.RateFactor;
        _haltRequested = false;
        KeepLoaded(effects);
        LetRead(effects);
        CombineIfComplete(effects);
    }

    /// <summary>All have taken the assignment up: what is made of its shards now, those of the one before do not have.</summary>
    private void KeepLoaded(EffectList effects)
    {
        if (_held == _loaded) return;
        _held = _loaded;
        effects.Perform(new KeepShard(_assignment!.Generation));
    }

    private void OnPushGradient(PushGradient message, EffectList effects)
    {
        if (_rule.Keep(message, _phase == Phase.Gathering)) CombineIfComplete(effects);
    }

    private void OnCloseUpdate(CloseUpdate message, EffectList effects)
    {
        if (message.Update == _update + 1) _ahead.Add(message);
        if (message.Update != _update) return;
        _rule.Follow(message.Workers);
        CombineIfComplete(effects);
    }

    private void CombineIfComplete(EffectList effects)
    {
        if (_phase != Phase.Gathering || _version >= _until || !_rule.IsDue(IsLead)) return;
        if (IsLead && _rule.Chosen is { } workers) SendToOthers(new CloseUpdate(_assignment!.Generation, _update, workers), effects);
        _phase = Phase.Combining;
        effects.Perform(new CombineGradients(_assignment!.Generation, _rule.Step, _rule.Due, IsLead) { KeepsRoot = _replicas.Backups.Count > 0 });
    }

    private void OnGradientsCombined(GradientsCombined message, EffectList effects)
    {
        if (IsForeign(message.Generation) || _phase != Phase.Combining) return;
        _sums = message.Sums;
        bool lossIsFinite = !IsLead || LossIsFinite();
        var norms = new ShareNorms(message.Generation, index, _update, message.Norms, _haltRequested, message.Clamped, lossIsFinite);
        if (_suspendRequested) BecomeSuspended(Phase.Suspended, effects);
        else if (_replicas.Backups.Count > 0) BecomeReplicating(message, norms, effects);
        else BecomeExchangingNorms(norms, effects);
    }

    private void BecomeReplicating(GradientsCombined combined, ShareNorms norms, EffectList effects)
    {
        _phase = Phase.Replicating;
        _normsDue = norms;
        var replicate = new ReplicateGradient(combined.Generation, index, _update, combined.Root!, combined.Sums, norms);
        foreach (int backup in _replicas.Backups) effects.Send(Address.Server(backup), replicate);
    }

    /// <summary>Kept in any phase: whether the step counts is decided elsewhere.</summary>
    private void OnReplicateGradient(ReplicateGradient message, EffectList effects)
    {
        if (!_replicas.Keep(message, _update)) return;
        // What comes before a copy is whole takes memory: at some time its owner waits.
        if (_fills.IsFilled(message.Server) || message.Step < _firstUpdate + MaxStepsAhead) Acknowledge(message, effects);
    }

    private void Acknowledge(ReplicateGradient gradient, EffectList effects) =>
        effects.Send(Address.Server(gradient.Server), new GradientReplicated(gradient.Generation, index, gradient.Step));

    private void OnGradientReplicated(GradientReplicated message, EffectList effects)
    {
        if (_phase == Phase.Replicating && message.Step == _update && _replicas.Acknowledge(message.Backup)) BecomeExchangingNorms(_normsDue!, effects);
    }

    private void BecomeExchangingNorms(ShareNorms norms, EffectList effects)
    {
        _phase = Phase.ExchangingNorms;
        SendToOthers(norms, effects);
        _shared[_assignment!.PositionOfServer(index)] = norms;
        DecideWhenShared(effects);
    }

    /// <summary>The first of a mini-batch's sums is that of the losses.</summary>
    private bool LossIsFinite()
    {
        for (long step = _rule.Step; step < _rule.End; step++)
        {
            if (!double.IsFinite(SumsOf(step, _sums).Span[0])) return false;
        }
        return true;
    }

    /// <summary>The sums of an update's mini-batches follow each other.</summary>
    private ReadOnlyMemory<double> SumsOf(long step, ReadOnlyMemory<double> update)
    {
        int count = update.Length / (int)(_rule.End - _rule.Step);
        return update.Slice((int)(step - _rule.Step) * count, count);
    }

    private void SendToOthers(MemberMessage message, EffectList effects)
    {
        for (int i = 0; i < _assignment!.Servers.Count; i++)
        {
            if (_assignment.Servers[i] != index) effects.Send(Address.Server(_assignment.Servers[i]), message);
        }
    }

    /// <summary>
    /// Another server's norms of this step may arrive while this one still gathers: they are kept. In bsp norms of a later step cannot come: its
    /// gradients are computed only after every server has committed this one. Else those of the next update can, and of no later one: it needs this server's.
    /// </summary>
    private void OnShareNorms(ShareNorms message, EffectList effects)
    {
        if (message.Step == _update + 1) _ahead.Add(message);
        if (message.Step != _update) return;
        _shared[_assignment!.PositionOfServer(message.Server)] = message;
        DecideWhenShared(effects);
    }

    private void DecideWhenShared(EffectList effects)
    {
        if (_phase != Phase.ExchangingNorms || Array.IndexOf(_shared, null) >= 0) return;

        _halting = _clamped = false;
        bool lossIsFinite = true;
        for (int server = 0; server < _shared.Length; server++)
        {
            _norms[server] = _shared[server]!.Norms;
            _halting |= _shared[server]!.Halt;
            _clamped |= _shared[server]!.Clamped;
            lossIsFinite &= _shared[server]!.LossIsFinite;
        }
        if (_halting) _until = Math.Min(_until, _rule.HaltAt);
        (bool accepted, int badSegment, _gradientNorm) = GlobalNorm.Decide(_norms);
        if (!accepted || !lossIsFinite)
        {
            Reject(badSegment, effects);
            return;
        }
        _skipsInRow = 0;
        _phase = Phase.Updating;
        var update = new ApplyUpdate(_assignment!.Generation, _rule.Step, _rateFactor, _norms, UpdatesBefore);
        IReadOnlyList<ReplicateGradient> copies = _replicas.Of(_update);
        for (int i = 0; i < copies.Count; i++)
        {
            if (_fills.Follows(copies[i].Server)) effects.Perform(new FollowUpdate(copies[i], update));
        }
        effects.Perform(update);
    }

    /// <summary>Every server comes to the same decision, from the same norms.</summary>
    private void Reject(int badSegment, EffectList effects)
    {
        Generation generation = _assignment!.Generation;
        if (_skipsInRow >= _maxSkips)
        {
            _phase = Phase.Diverged;
            effects.Send(Address.Coordinator, new StepRejected(generation, index, _rule.Step, badSegment));
            if (_suspendRequested) BecomeSuspended(Phase.Suspended, effects);
            return;
        }
        _skipsInRow += (int)(_rule.End - _rule.Step);
        for (long step = _rule.Step; KnowsSums && step < _rule.End; step++) _told.Add(new StepSkipped(generation, step, badSegment));
        Advance(null, skipped: true, effects);
    }

    private void OnUpdateApplied(UpdateApplied message, EffectList effects)
    {
        if (IsForeign(message.Generation) || _phase != Phase.Updating) return;
        ReadOnlyMemory<double> sums = IsLead ? _sums : _replicas.Of(_assignment!.Lead, _update)?.Sums ?? default;
        for (long step = _rule.Step; !sums.IsEmpty && step < _rule.End; step++)
        {
            if (_rule.Report(message.Generation, step, SumsOf(step, sums), _gradientNorm, message.Clipped || _clamped) is { } report) _told.Add(report);
        }
        Advance(message.Figures, skipped: false, effects);
    }

    /// <summary>The version is committed: with an update, or without one where the step was skipped.</summary>
    private void Advance(double[]? figures, bool skipped, EffectList effects)
    {
        Generation generation = _assignment!.Generation;
        long step = _rule.Step;
        _rule.Advance();
        _update++;
        _version = _rule.Version;
        _captured.Clear();
        _replicas.Advance(_update);
        (_decided, _shared) = (_shared, _decided);
        Array.Clear(_shared);
        _phase = Phase.Gathering;
        if (_rule.Announces || _version >= _until) Announce(effects, skipped);
        if (_update == _firstUpdate + 1) _fills.Start(effects);
        LetRead(effects);
        for (int i = 0; i < _told.Count; i++)
        {
            if (_keepsReports) _reports.Add(_told[i]);
            if (IsLead) effects.Send(Address.Coordinator, _told[i]);
        }
        _told.Clear();
        if (figures is { } measured) effects.Send(Address.Coordinator, new ShardMeasured(generation, index, step, measured));
        if (_version >= _until) effects.Send(Address.Coordinator, new ServerStopped(generation, index, _version));
        if (_suspendRequested) BecomeSuspended(Phase.Suspended, effects);
        GoOn(effects);
    }

    /// <summary>Where workers do not wait for each other, gradients and other servers' words of the next update may be here.</summary>
    private void GoOn(EffectList effects)
    {
        if (_rule.Announces) return;
        MemberMessage[] ahead = [.. _ahead];
        _ahead.Clear();
        foreach (MemberMessage message in ahead) Step(message, effects);
        CombineIfComplete(effects);
    }

    private void LetRead(EffectList effects)
    {
        while (_rule.NextReader(_until) is { } reader)
            effects.Perform(new ShareShard(_assignment!.Generation, reader.Worker, reader.Step, _version));
    }

    private void OnCaptureShard(CaptureShard message, EffectList effects)
    {
        if (message.Version > _version) throw new UnreachableException($"Version {message.Version} is to be copied, but {Describe()}.");
        // One that arrives again: while a copy is taken once more, the next one and gradients of the next step may come.
        if (message.Version < _version || _phase != Phase.Gathering || !_captured.Add(message.Target)) return;
        _phase = Phase.Copying;
        bool digests = message.Target == CaptureTarget.Checkpoint && _assignment!.Replication > 0;
        effects.Perform(new CopyShard(message.Generation, message.Target, message.Version, digests));
    }

    private void OnShardCopied(ShardCopied message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = Phase.Gathering;
        effects.Send(Address.Coordinator, new ShardCaptured(message.Generation, index, message.Target, message.Version) { Digests = message.Digests });
    }

    private void OnRestoreBest(RestoreBest message, EffectList effects)
    {
        // One that arrives again, here and below.
        if (message.Version <= _version) return;
        BecomeRestoring(message.Version, message.Course, effects);
        effects.Perform(new RestoreShard(message.Generation));
    }

    private void OnShowExact(ShowExact message, EffectList effects)
    {
        if (message.Version <= _version) return;
        BecomeRestoring(message.Version, message.Course, effects);
        effects.Perform(new ShowShard(message.Generation));
    }

    private void BecomeRestoring(long version, Course? course, EffectList effects)
    {
        KeepLoaded(effects);
        _phase = Phase.RestoringBest;
        _restored += (int)(version - _version);
        _version = _until = version;
        _captured.Clear();
        Follow(course);
    }

    private void OnShardRestored(ShardRestored message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = Phase.Gathering;
        Announce(effects);
        effects.Send(Address.Coordinator, new BestRestored(message.Generation, index));
    }

    /// <param name="Unfilled">Servers whose shards are not wholly in the copies that are kept here.</param>
    private sealed record Holding(Assignment Assignment, IReadOnlyCollection<int> Unfilled);
}
