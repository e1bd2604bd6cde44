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
public sealed class ParameterServer
{
    /// <summary>4 MiB, and as much for each number that the optimizer keeps: a message of a step waits no longer for it.</summary>
    private const int DefaultPartLength = 1 << 20;

    /// <summary>Steps whose gradients a backup keeps for a copy that is being filled: before the next one it must be filled.</summary>
    public const int MaxStepsAhead = 8;

    private readonly int _index;
    private readonly StepRule _rule;
    private readonly EarlyMessages _early = new();
    private readonly HeldShards _shards;
    private readonly Replication _replication;
    private readonly NormExchange _exchange = new();
    private readonly UpdateReports _reports;
    private readonly Standstill _standstill;

    /// <summary>Of the next update: another server has ended this one before.</summary>
    private readonly List<MemberMessage> _ahead = [];

    /// <summary>Of this version, in this generation: what was copied for them, or is being copied.</summary>
    private readonly HashSet<CaptureTarget> _captured = [];
    private ServerPhase _phase = ServerPhase.Unassigned;
    private Assignment? _assignment;
    private ShareNorms? _normsDue;
    private NormDecision _decision;
    private ReadOnlyMemory<double> _sums;
    private double _rateFactor = 1;
    private long _version;

    /// <summary>The number of the next update: in bsp the version, else there are several a version.</summary>
    private long _update;
    private long _until;
    private bool _haltRequested;
    private int _maxSkips;
    private int _skipsInRow;
    private long _proceededFrom = -1;

    /// <param name="partLength">Floats of a shard that go at once into a copy that is filled while steps are made.</param>
    public ParameterServer(int index, ConsistencyMode? mode = null, int partLength = DefaultPartLength)
    {
        _index = index;
        _rule = StepRule.Of(mode ?? ConsistencyMode.Exact);
        _shards = new HeldShards(index);
        _replication = new Replication(index, partLength);
        _reports = new UpdateReports(_rule);
        _standstill = new Standstill(index, _shards, _exchange, _reports);
    }

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() =>
        $"server {_index}: {_phase.ToString().ToLowerInvariant()}, version {_version}, {_rule.SliceCount} of {_assignment?.Slices ?? 0} slices";

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
            case Suspend or Proceed or RequestHalt or CaptureShard or RestoreBest or ShowExact when _standstill.Term > _assignment!.Generation.Term: break;
            case Suspend m: OnSuspend(m, effects); break;
            case Complete m: OnComplete(m, effects); break;
            case ShardLoaded m: OnShardLoaded(m, effects); break;
            case Proceed m: OnProceed(m, effects); break;
            case RequestHalt: _haltRequested = true; break;
            case PushGradient m: OnPushGradient(m, effects); break;
            case CloseUpdate m: OnCloseUpdate(m, effects); break;
            case GradientsCombined m: OnGradientsCombined(m, effects); break;
            case ReplicateGradient m: _replication.Keep(m, _update, effects); break;
            case CopyProgressed m: _replication.Progress(m, effects); break;
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

    private bool IsLead => _assignment!.Lead == _index;

    /// <summary>Whether it has the metric sums of steps: so have the lead server and its backups.</summary>
    private bool KnowsSums => IsLead || _replication.BacksUp(_assignment!.Lead);

    /// <summary>Exact where members have not changed in the middle of an epoch; after some thousand it plays no part.</summary>
    private long UpdatesBefore => _rule.Announces ? _version : _rule.Step * _assignment!.Workers.Count + _update % _assignment.Workers.Count;

    private bool IsForeign(Generation generation) => _assignment is null || generation != _assignment.Generation;

    private void OnAssign(Assign message, EffectList effects)
    {
        if (message.Generation.Term < _standstill.Term || (_assignment is not null && message.Generation <= _assignment.Generation)) return;
        _shards.HandOver(message, effects);
        _assignment = message.Assignment;
        _rule.Begin(_assignment, message.Version);
        _ahead.Clear();
        _captured.Clear();
        _version = _update = _until = message.Version;
        _maxSkips = message.MaxSkips;
        _skipsInRow = message.SkipsInRow;
        (_decision, _haltRequested, _proceededFrom) = (default, false, -1);
        _standstill.Begin(message);
        _reports.Begin(message.KeepsReports, message.Version - message.Restored);
        if (!_assignment.HasServer(_index))
        {
            _phase = ServerPhase.Retired;
            return;
        }
        _replication.Begin(message);
        _exchange.Begin(_assignment);
        _phase = ServerPhase.Receiving;
        LoadWhenCovered(effects);
        foreach (MemberMessage early in _early.Take(_assignment)) Step(early, effects);
    }

    private void OnHandShard(HandShard message, EffectList effects)
    {
        if (_replication.Take(message, effects)) return;
        if (_phase == ServerPhase.Receiving && _shards.Take(message)) LoadWhenCovered(effects);
    }

    private void LoadWhenCovered(EffectList effects)
    {
        if (_shards.Load(_assignment!, _replication.WholeCopies, effects)) _phase = ServerPhase.Loading;
    }

    /// <summary>Workers get the shard's parameters from here: who has just joined has none.</summary>
    private void OnShardLoaded(ShardLoaded message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = ServerPhase.Gathering;
        _shards.EndLoading(_assignment!, _replication.Unfilled);
        Announce(effects);
        effects.Send(Address.Coordinator, new ServerReady(message.Generation, _index));
    }

    private void Announce(EffectList effects, bool skipped = false)
    {
        var committed = new ShardCommitted(_assignment!.Generation, _index, _version, _decision.Halts, skipped);
        // By index, here and in other steps: enumerating an interface would allocate.
        for (int i = 0; i < _assignment.Workers.Count; i++) effects.Send(Address.Worker(_assignment.Workers[i]), committed);
    }

    private void OnSuspend(Suspend message, EffectList effects)
    {
        _standstill.Request(message);
        SuspendSoon(effects);
    }

    private void SuspendSoon(EffectList effects)
    {
        if (_phase is ServerPhase.Gathering or ServerPhase.Replicating or ServerPhase.Diverged) BecomeSuspended(ServerPhase.Suspended, effects);
        else if (_phase == ServerPhase.ExchangingNorms) BecomeSuspended(ServerPhase.SuspendedInStep, effects);
    }

    private void BecomeSuspended(ServerPhase phase, EffectList effects)
    {
        _phase = phase;
        _standstill.Answer(_assignment!.Generation, _version, _skipsInRow, effects);
    }

    /// <summary>Whoever is in a step ends it first; whoever has nothing under way that could change the version says so at once.</summary>
    private void OnTakeOver(TakeOver message, EffectList effects)
    {
        if (!_standstill.Request(message)) return;
        SuspendSoon(effects);
        if (_phase is not (ServerPhase.Combining or ServerPhase.Updating)) _standstill.StandIfDue(_version, _skipsInRow, effects);
    }

    /// <summary>Norms of one who is gone may never have arrived.</summary>
    private void OnComplete(Complete message, EffectList effects)
    {
        if (_phase != ServerPhase.SuspendedInStep) return;
        _phase = ServerPhase.ExchangingNorms;
        foreach (ShareNorms norms in message.Norms.Where(n => n.Step == _update)) _exchange.Add(norms);
        DecideWhenShared(effects);
    }

    /// <summary>Pushes of the step may have come before this; they wait for it, for it brings the rate and the stop point.</summary>
    private void OnProceed(Proceed message, EffectList effects)
    {
        // One that arrives again, late.
        if (message.From <= _proceededFrom) return;
        _proceededFrom = message.From;
        _until = _rule.Until = message.Until;
        _standstill.Follow(message.Course);
        _reports.DropBefore(message.From);
        _rateFactor = message.RateFactor;
        _haltRequested = false;
        _shards.Keep(_assignment!.Generation, effects);
        LetRead(effects);
        CombineIfComplete(effects);
    }

    private void OnPushGradient(PushGradient message, EffectList effects)
    {
        if (_rule.Keep(message, _phase == ServerPhase.Gathering)) CombineIfComplete(effects);
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
        if (_phase != ServerPhase.Gathering || _version >= _until || !_rule.IsDue(IsLead)) return;
        if (IsLead && _rule.Chosen is { } workers) SendToOthers(new CloseUpdate(_assignment!.Generation, _update, workers), effects);
        _phase = ServerPhase.Combining;
        effects.Perform(new CombineGradients(_assignment!.Generation, _rule.Step, _rule.Due, IsLead) { KeepsRoot = _replication.HasBackups });
    }

    private void OnGradientsCombined(GradientsCombined message, EffectList effects)
    {
        if (IsForeign(message.Generation) || _phase != ServerPhase.Combining) return;
        _sums = message.Sums;
        bool lossIsFinite = !IsLead || _reports.LossIsFinite(_sums);
        var norms = new ShareNorms(message.Generation, _index, _update, message.Norms, _haltRequested, message.Clamped, lossIsFinite);
        if (_standstill.IsDue) BecomeSuspended(ServerPhase.Suspended, effects);
        else if (_replication.HasBackups) BecomeReplicating(message, norms, effects);
        else BecomeExchangingNorms(norms, effects);
    }

    private void BecomeReplicating(GradientsCombined combined, ShareNorms norms, EffectList effects)
    {
        _phase = ServerPhase.Replicating;
        _normsDue = norms;
        _replication.Share(new ReplicateGradient(combined.Generation, _index, _update, combined.Root!, combined.Sums, norms), effects);
    }

    private void OnGradientReplicated(GradientReplicated message, EffectList effects)
    {
        if (_phase == ServerPhase.Replicating && message.Step == _update && _replication.Answer(message)) BecomeExchangingNorms(_normsDue!, effects);
    }

    private void BecomeExchangingNorms(ShareNorms norms, EffectList effects)
    {
        _phase = ServerPhase.ExchangingNorms;
        SendToOthers(norms, effects);
        _exchange.Add(norms);
        DecideWhenShared(effects);
    }

    private void SendToOthers(MemberMessage message, EffectList effects)
    {
        for (int i = 0; i < _assignment!.Servers.Count; i++)
        {
            if (_assignment.Servers[i] != _index) effects.Send(Address.Server(_assignment.Servers[i]), message);
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
        _exchange.Add(message);
        DecideWhenShared(effects);
    }

    private void DecideWhenShared(EffectList effects)
    {
        if (_phase != ServerPhase.ExchangingNorms || !_exchange.IsComplete) return;
        _decision = _exchange.Decide();
        if (_decision.Halts) _until = Math.Min(_until, _rule.HaltAt);
        if (!_decision.Accepted)
        {
            Reject(effects);
            return;
        }
        _skipsInRow = 0;
        _phase = ServerPhase.Updating;
        var update = new ApplyUpdate(_assignment!.Generation, _rule.Step, _rateFactor, _exchange.Norms, UpdatesBefore);
        _replication.Follow(update, _update, effects);
        effects.Perform(update);
    }

    /// <summary>Every server comes to the same decision, from the same norms.</summary>
    private void Reject(EffectList effects)
    {
        Generation generation = _assignment!.Generation;
        if (_skipsInRow >= _maxSkips)
        {
            _phase = ServerPhase.Diverged;
            effects.Send(Address.Coordinator, new StepRejected(generation, _index, _rule.Step, _decision.BadSegment));
            if (_standstill.IsDue) BecomeSuspended(ServerPhase.Suspended, effects);
            return;
        }
        _skipsInRow += (int)(_rule.End - _rule.Step);
        if (KnowsSums) _reports.Skip(generation, _decision.BadSegment);
        Advance(null, skipped: true, effects);
    }

    private void OnUpdateApplied(UpdateApplied message, EffectList effects)
    {
        if (IsForeign(message.Generation) || _phase != ServerPhase.Updating) return;
        ReadOnlyMemory<double> sums = IsLead ? _sums : _replication.SumsOf(_assignment!.Lead, _update);
        if (!sums.IsEmpty) _reports.Commit(message.Generation, sums, _decision.Norm, message.Clipped || _decision.Clamped);
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
        _replication.Advance(_update);
        _exchange.Advance();
        _phase = ServerPhase.Gathering;
        if (_rule.Announces || _version >= _until) Announce(effects, skipped);
        _replication.FillIfDue(_update, effects);
        LetRead(effects);
        _reports.Tell(IsLead, effects);
        if (figures is { } measured) effects.Send(Address.Coordinator, new ShardMeasured(generation, _index, step, measured));
        if (_version >= _until) effects.Send(Address.Coordinator, new ServerStopped(generation, _index, _version));
        if (_standstill.IsDue) BecomeSuspended(ServerPhase.Suspended, effects);
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
        if (message.Version < _version || _phase != ServerPhase.Gathering || !_captured.Add(message.Target)) return;
        _phase = ServerPhase.Copying;
        bool digests = message.Target == CaptureTarget.Checkpoint && _assignment!.Replication > 0;
        effects.Perform(new CopyShard(message.Generation, message.Target, message.Version, digests));
    }

    private void OnShardCopied(ShardCopied message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = ServerPhase.Gathering;
        effects.Send(Address.Coordinator, new ShardCaptured(message.Generation, _index, message.Target, message.Version) { Digests = message.Digests });
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
        _shards.Keep(_assignment!.Generation, effects);
        _phase = ServerPhase.RestoringBest;
        _standstill.Restored += (int)(version - _version);
        _version = _until = version;
        _captured.Clear();
        _standstill.Follow(course);
    }

    private void OnShardRestored(ShardRestored message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = ServerPhase.Gathering;
        Announce(effects);
        effects.Send(Address.Coordinator, new BestRestored(message.Generation, _index));
    }
}
