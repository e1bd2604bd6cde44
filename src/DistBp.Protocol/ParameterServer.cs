using System.Diagnostics;
using DistBp.Learning;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// The owner of one parameter shard: gathers the subtrees of a step until they cover the root, exchanges the norms with the other servers,
/// clips and applies the optimizer, and announces the new version. A NaN or an infinity anywhere rejects the step on every server at once:
/// the run ends, or the version advances and the parameters stay.
/// </summary>
public sealed class ParameterServer(int index)
{
    /// <summary>The server that adds up the metric sums and reports steps to the coordinator.</summary>
    public const int Lead = 0;

    private readonly Contributions _contributions = new();
    private Phase _phase = Phase.Unassigned;
    private Assignment? _assignment;
    private ShareNorms?[] _shared = [];
    private SegmentNorms[] _norms = [];
    private ReadOnlyMemory<double> _sums;
    private double _gradientNorm;
    private double _rateFactor = 1;
    private long _version;
    private long _until;
    private bool _haltRequested;
    private bool _halting;
    private bool _clamped;
    private int _maxSkips;
    private int _skipsInRow;

    private enum Phase
    {
        Unassigned,
        Loading,

        /// <summary>Gathering the subtrees of the step that <see cref="_version"/> is the parameters of.</summary>
        Gathering,
        Combining,
        ExchangingNorms,
        Updating,
        Copying,

        /// <summary>The step's gradient was not finite: nothing is applied any more.</summary>
        Diverged,
    }

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() =>
        $"server {index}: {_phase.ToString().ToLowerInvariant()}, version {_version}, {_contributions.SliceCount} of {_assignment?.Slices ?? 0} slices";

    public void Step(Message message, EffectList effects)
    {
        if (message is MemberMessage { Generation: var generation } and not Assign && IsForeign(generation)) return;
        switch (message)
        {
            case Assign m: OnAssign(m, effects); break;
            case ShardLoaded m: OnShardLoaded(m, effects); break;
            case Proceed m: OnProceed(m, effects); break;
            case RequestHalt: _haltRequested = true; break;
            case PushGradient m: OnPushGradient(m, effects); break;
            case GradientsCombined m: OnGradientsCombined(m, effects); break;
            case ShareNorms m: OnShareNorms(m, effects); break;
            case UpdateApplied m: OnUpdateApplied(m, effects); break;
            case CaptureShard m: OnCaptureShard(m, effects); break;
            case ShardCopied m: OnShardCopied(m, effects); break;
            case RestoreBest m: effects.Perform(new RestoreShard(m.Generation)); break;
            case ShowExact m: effects.Perform(new ShowShard(m.Generation)); break;
            case ShardRestored m: OnShardRestored(m, effects); break;
            default: throw new UnreachableException($"A server received {message}.");
        }
    }

    private bool IsForeign(Generation generation) => _assignment is null || generation != _assignment.Generation;

    private void OnAssign(Assign message, EffectList effects)
    {
        if (_assignment is not null && message.Generation <= _assignment.Generation) return;
        _assignment = message.Assignment;
        _shared = new ShareNorms?[message.Assignment.Servers];
        _norms = new SegmentNorms[message.Assignment.Servers];
        _contributions.Clear();
        _version = _until = message.Version;
        _maxSkips = message.MaxSkips;
        _skipsInRow = 0;
        _phase = Phase.Loading;
        effects.Perform(new LoadShard(message.Generation, message.Assignment.Shard(index), message.Version));
    }

    private void OnShardLoaded(ShardLoaded message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = Phase.Gathering;
        effects.Send(Address.Coordinator, new ServerReady(message.Generation, index));
    }

    /// <summary>Pushes of the step may have come before this; they wait for it, for it brings the rate and the stop point.</summary>
    private void OnProceed(Proceed message, EffectList effects)
    {
        _until = message.Until;
        _rateFactor = message.RateFactor;
        _haltRequested = false;
        CombineIfComplete(effects);
    }

    private void OnPushGradient(PushGradient message, EffectList effects)
    {
        if (message.Step != _version || _phase != Phase.Gathering) return;
        if (_contributions.Add(message, _assignment!.Slices)) CombineIfComplete(effects);
    }

    private void CombineIfComplete(EffectList effects)
    {
        if (_phase != Phase.Gathering || _version >= _until || _contributions.SliceCount < _assignment!.Slices) return;
        _phase = Phase.Combining;
        effects.Perform(new CombineGradients(_assignment.Generation, _version, _contributions.InOrder));
    }

    private void OnGradientsCombined(GradientsCombined message, EffectList effects)
    {
        if (IsForeign(message.Generation) || _phase != Phase.Combining) return;
        _sums = message.Sums;
        _phase = Phase.ExchangingNorms;
        // The first of the sums is that of the losses.
        bool lossIsFinite = index != Lead || double.IsFinite(message.Sums.Span[0]);
        var norms = new ShareNorms(message.Generation, index, message.Step, message.Norms, _haltRequested, message.Clamped, lossIsFinite);
        for (int server = 0; server < _assignment!.Servers; server++)
        {
            if (server != index) effects.Send(Address.Server(server), norms);
        }
        OnShareNorms(norms, effects);
    }

    /// <summary>
    /// Another server's norms of this step may arrive while this one still gathers: they are kept. Norms of a later step cannot come: its
    /// gradients are computed only after every server has committed this one.
    /// </summary>
    private void OnShareNorms(ShareNorms message, EffectList effects)
    {
        if (message.Step != _version) return;
        _shared[message.Server] = message;
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
        (bool accepted, int badSegment, _gradientNorm) = GlobalNorm.Decide(_norms);
        if (!accepted || !lossIsFinite)
        {
            Reject(badSegment, effects);
            return;
        }
        _skipsInRow = 0;
        _phase = Phase.Updating;
        effects.Perform(new ApplyUpdate(message.Generation, _version, _rateFactor, _norms));
    }

    /// <summary>Every server comes to the same decision, from the same norms.</summary>
    private void Reject(int badSegment, EffectList effects)
    {
        Generation generation = _assignment!.Generation;
        if (_skipsInRow >= _maxSkips)
        {
            _phase = Phase.Diverged;
            effects.Send(Address.Coordinator, new StepRejected(generation, index, _version, badSegment));
            return;
        }
        _skipsInRow++;
        Advance(index == Lead ? new StepSkipped(generation, _version, badSegment) : null, null, skipped: true, effects);
    }

    private void OnUpdateApplied(UpdateApplied message, EffectList effects)
    {
        if (IsForeign(message.Generation) || _phase != Phase.Updating) return;
        StepCommitted? report = index == Lead
            ? new StepCommitted(message.Generation, _version, _sums, _gradientNorm, message.Clipped || _clamped) : null;
        Advance(report, message.Figures, skipped: false, effects);
    }

    /// <summary>The version is committed: with an update, or without one where the step was skipped.</summary>
    /// <param name="report">What the lead server tells of the step; null for others.</param>
    private void Advance(Message? report, ReadOnlyMemory<double>? figures, bool skipped, EffectList effects)
    {
        Generation generation = _assignment!.Generation;
        long step = _version++;
        _contributions.Clear();
        Array.Clear(_shared);
        _phase = Phase.Gathering;
        var committed = new ShardCommitted(generation, index, _version, _halting, skipped);
        for (int worker = 0; worker < _assignment.Workers; worker++) effects.Send(Address.Worker(worker), committed);
        if (report is not null) effects.Send(Address.Coordinator, report);
        if (figures is { } measured) effects.Send(Address.Coordinator, new ShardMeasured(generation, index, step, measured));
        if (_halting || _version >= _until) effects.Send(Address.Coordinator, new ServerStopped(generation, index, _version));
    }

    private void OnCaptureShard(CaptureShard message, EffectList effects)
    {
        if (message.Version != _version || _phase != Phase.Gathering || _contributions.SliceCount > 0)
            throw new UnreachableException($"A shard is copied between two steps, but {Describe()}.");
        _phase = Phase.Copying;
        effects.Perform(new CopyShard(message.Generation, message.Target, message.Version));
    }

    private void OnShardCopied(ShardCopied message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = Phase.Gathering;
        effects.Send(Address.Coordinator, new ShardCaptured(message.Generation, index, message.Target, message.Version));
    }

    private void OnShardRestored(ShardRestored message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        effects.Send(Address.Coordinator, new BestRestored(message.Generation, index));
    }
}
