using System.Diagnostics;
using DistBp.Learning;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// A worker: wait until the version is there on every shard, compute the gradients of its subtrees of slices, push them to the servers.
/// In bsp it reads version t for step t, and its gradients stay unchanged until t + 1 is committed everywhere; a step that was committed without it it leaves
/// to the others. At its own pace it reads what servers send it for its next step. Where slices go from one worker to another, what error feedback has
/// left over of them goes too.
/// </summary>
/// <param name="keepsResiduals">Whether the encoding of gradients has error feedback.</param>
public sealed class Worker(int index, ConsistencyMode? mode = null, bool keepsResiduals = false)
{
    private const long NotHalted = -1;
    private const long NoVersion = -1;
    private readonly EarlyMessages _early = new();
    private readonly List<HandResiduals> _handed = [];
    private readonly HashSet<Address> _awaited = [];
    private Phase _phase = Phase.Unassigned;
    private Assignment? _assignment;

    /// <summary>The last one that all members took up: its residuals count.</summary>
    private Assignment? _held;

    /// <summary>The one whose slices were prepared last.</summary>
    private Assignment? _loaded;
    private Evaluate? _evaluationDue;

    /// <summary>The last one in this generation, and the parts that were asked for with its version.</summary>
    private Evaluate? _evaluation;
    private readonly HashSet<DataPart> _evaluatedParts = [];
    private IReadOnlyList<Subtree> _subtrees = [];
    private long[] _shardVersions = [];
    private ShardRead?[] _reads = [];
    private long _step;
    private long _from;
    private long _until;
    private long _haltedAt = NotHalted;
    private long _skippedTo = NoVersion;
    private long _captureAt = NoVersion;

    private enum Phase
    {
        Unassigned,

        /// <summary>Residuals come from those who had the slices.</summary>
        Receiving,
        Preparing,

        /// <summary>Waiting for the coordinator's word or for shards of the next version.</summary>
        Waiting,
        Computing,

        /// <summary>The gradients of the step are pushed.</summary>
        Pushed,
        Evaluating,

        /// <summary>In no assignment any more.</summary>
        Retired,
    }

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() => $"worker {index}: {_phase.ToString().ToLowerInvariant()}, step {_step} of those until {_until}";

    public void Step(Message message, EffectList effects)
    {
        if (message is MemberMessage member and not Assign && IsForeign(member.Generation))
        {
            _early.Keep(member, _assignment);
            return;
        }
        switch (message)
        {
            case Assign m: OnAssign(m, effects); break;
            case HandResiduals m: OnHandResiduals(m, effects); break;
            case SlicesPrepared m: OnSlicesPrepared(m, effects); break;
            case Proceed m: OnProceed(m, effects); break;
            case GradientComputed m: OnGradientComputed(m, effects); break;
            case ShardCommitted m: OnShardCommitted(m, effects); break;
            case ShardRead m: OnShardRead(m, effects); break;
            case LocateNonFinite m: OnLocateNonFinite(m, effects); break;
            case NonFiniteSearched m: OnNonFiniteSearched(m, effects); break;
            case CaptureResiduals m: OnCaptureResiduals(m, effects); break;
            case ResidualsCopied m: OnResidualsCopied(m, effects); break;
            case Evaluate m: OnEvaluate(m, effects); break;
            case SubtreesEvaluated m: OnSubtreesEvaluated(m, effects); break;
            default: throw new UnreachableException($"A worker received {message}.");
        }
    }

    private bool IsPaced => mode is { IsPaced: true };

    private bool IsForeign(Generation generation) => _assignment is null || generation != _assignment.Generation;

    private void OnAssign(Assign message, EffectList effects)
    {
        if (_assignment is not null && message.Generation <= _assignment.Generation) return;
        _skippedTo = message.SkipsInRow > 0 ? message.Version : NoVersion;
        if (keepsResiduals) HandOver(message, effects);
        _assignment = message.Assignment;
        _handed.Clear();
        _awaited.Clear();
        if (!_assignment.HasWorker(index))
        {
            (_phase, _subtrees) = (Phase.Retired, []);
            return;
        }
        _subtrees = message.Assignment.Subtrees(index);
        _shardVersions = new long[message.Assignment.Servers.Count];
        // Servers announce what they have loaded: who has just joined has nothing before.
        Array.Fill(_shardVersions, NoVersion);
        _reads = new ShardRead?[message.Assignment.Servers.Count];
        _evaluationDue = _evaluation = null;
        _evaluatedParts.Clear();
        _step = _from = _until = message.Version;
        _haltedAt = NotHalted;
        _captureAt = NoVersion;
        _phase = Phase.Receiving;
        AwaitResiduals(message);
        PrepareWhenHanded(effects);
        foreach (MemberMessage early in _early.Take(_assignment)) Step(early, effects);
    }

    /// <summary>To each worker that has slices of this one from now on, itself too, what was left of them.</summary>
    private void HandOver(Assign message, EffectList effects)
    {
        if (message.Previous is null) return;
        if (message.Previous.Generation == _loaded?.Generation) _held = _loaded;
        if (message.Previous.Generation != _held?.Generation) return;
        foreach (int heir in message.Assignment.Workers)
        {
            IReadOnlyList<Subtree> inherited = message.Assignment.Inherited(heir, _held, index);
            if (inherited.Count == 0) continue;
            effects.Perform(new HandOverResiduals(
                message.Generation, _held.Generation, heir, inherited, message.Version, AfterSkip: _skippedTo == message.Version));
        }
    }

    private void AwaitResiduals(Assign message)
    {
        if (!keepsResiduals || _subtrees.Count == 0) return;
        if (message.Previous is not { } previous) _awaited.Add(Address.Coordinator);
        else _awaited.UnionWith(previous.Workers.Where(w => message.Assignment.Inherits(index, previous, w)).Select(Address.Worker));
    }

    private void OnHandResiduals(HandResiduals message, EffectList effects)
    {
        if (_phase != Phase.Receiving || !_awaited.Remove(message.From)) return;
        _handed.Add(message);
        PrepareWhenHanded(effects);
    }

    private void PrepareWhenHanded(EffectList effects)
    {
        if (_awaited.Count > 0) return;
        _phase = Phase.Preparing;
        effects.Perform(new PrepareSlices(_assignment!.Generation, _subtrees, [.. _handed]));
    }

    private void OnSlicesPrepared(SlicesPrepared message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = Phase.Waiting;
        _loaded = _assignment;
        _handed.Clear();
        effects.Send(Address.Coordinator, new WorkerReady(message.Generation, index));
        EvaluateWhenThere(effects);
    }

    private void OnProceed(Proceed message, EffectList effects)
    {
        // One that arrives again, late.
        if (message.From < _from) return;
        if (keepsResiduals && _held != _loaded) effects.Perform(new KeepResiduals(message.Generation));
        _held = _loaded;
        // A worker without slices may hear of commits before it hears of this.
        if (_phase != Phase.Computing) _step = Math.Max(_step, message.From);
        _until = message.Until;
        _from = message.From;
        if (_haltedAt <= _from) _haltedAt = NotHalted;
        // The stop point was reached without it, or servers' word has overtaken this one.
        if (_phase == Phase.Computing) return;
        _phase = Phase.Waiting;
        TryCompute(effects);
    }

    /// <summary>May come late: the coordinator's next word can overtake a server's.</summary>
    private void OnShardCommitted(ShardCommitted message, EffectList effects)
    {
        int server = _assignment!.PositionOfServer(message.Server);
        _shardVersions[server] = Math.Max(_shardVersions[server], message.Version);
        if (message.Halted && message.Version > _from) _haltedAt = message.Version;
        if (message.Skipped) _skippedTo = Math.Max(_skippedTo, message.Version);
        TryCopyResiduals(effects);
        if (_phase is Phase.Pushed or Phase.Waiting) GoOn(effects);
    }

    private void GoOn(EffectList effects)
    {
        if (NewestVersion() > _step)
        {
            _step = NewestVersion();
            _phase = Phase.Waiting;
        }
        if (_evaluationDue is not null) EvaluateWhenThere(effects);
        else if (_phase == Phase.Waiting) TryCompute(effects);
    }

    private void TryCompute(EffectList effects)
    {
        if (IsPaced || _haltedAt == _step || _step >= _until || _subtrees.Count == 0 || !AllShardsAt(_step)) return;
        _phase = Phase.Computing;
        if (_skippedTo == _step) effects.Perform(new VoidResiduals(_assignment!.Generation, _step));
        effects.Perform(new ComputeGradient(_assignment!.Generation, _step));
    }

    private void OnShardRead(ShardRead message, EffectList effects)
    {
        _reads[_assignment!.PositionOfServer(message.Server)] = message;
        if (Array.IndexOf(_reads, null) >= 0) return;
        _step = message.Step;
        _phase = Phase.Computing;
        effects.Perform(new ComputeGradient(_assignment.Generation, _step) { Shards = [.. _reads.Select(r => r!)] });
        Array.Clear(_reads);
    }

    private void OnGradientComputed(GradientComputed message, EffectList effects)
    {
        if (IsForeign(message.Generation) || message.Step != _step || _phase != Phase.Computing) return;
        _phase = Phase.Pushed;
        if (NewestVersion() > _step)
        {
            GoOn(effects);
            return;
        }
        // By index: enumerating an interface would allocate in each step.
        for (int position = 0; position < _assignment!.Servers.Count; position++)
        {
            int server = _assignment.Servers[position];
            ParameterShard shard = _assignment.Shard(server);
            for (int i = 0; i < message.Gradients.Count; i++)
            {
                SubtreeGradient gradient = message.Gradients[i];
                effects.Send(Address.Server(server), new PushGradient(
                    message.Generation, index, message.Step, gradient.Subtree, gradient.Gradient.Cut(shard.Offset, shard.End),
                    server == _assignment.Lead ? gradient.Sums : default));
            }
        }
    }

    /// <summary>The step was rejected, so the parameters that its gradients were computed from are still there.</summary>
    private void OnLocateNonFinite(LocateNonFinite message, EffectList effects)
    {
        if (_subtrees.Count == 0)
            effects.Send(Address.Coordinator, new NonFiniteLocated(message.Generation, index, message.Step, []));
        else
            effects.Perform(new SearchNonFinite(message.Generation, message.Step, _subtrees));
    }

    private void OnNonFiniteSearched(NonFiniteSearched message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        effects.Send(Address.Coordinator, new NonFiniteLocated(message.Generation, index, message.Step, message.Slices));
    }

    private void OnCaptureResiduals(CaptureResiduals message, EffectList effects)
    {
        _captureAt = message.Version;
        TryCopyResiduals(effects);
    }

    /// <summary>Once every server's word is there: whether the step's residual counts depends on it.</summary>
    private void TryCopyResiduals(EffectList effects)
    {
        if (_captureAt == NoVersion || !AllShardsAt(_captureAt)) return;
        if (_subtrees.Count == 0)
            effects.Send(Address.Coordinator, new ResidualsCaptured(_assignment!.Generation, index, _captureAt, []));
        else
            effects.Perform(new CopyResiduals(_assignment!.Generation, _captureAt, AfterSkip: _skippedTo == _captureAt));
        _captureAt = NoVersion;
    }

    private void OnResidualsCopied(ResidualsCopied message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        effects.Send(Address.Coordinator, new ResidualsCaptured(message.Generation, index, message.Version, message.Residuals));
    }

    private void OnEvaluate(Evaluate message, EffectList effects)
    {
        // One that arrives again, late.
        if (message.Version < _evaluation?.Version) return;
        if (message.Version > _evaluation?.Version) _evaluatedParts.Clear();
        if (!_evaluatedParts.Add(message.Part)) return;
        _evaluation = _evaluationDue = message;
        EvaluateWhenThere(effects);
    }

    private void EvaluateWhenThere(EffectList effects)
    {
        if (_phase == Phase.Computing || _evaluationDue is not { } due || !AllShardsAt(due.Version)) return;
        _evaluationDue = null;
        IReadOnlyList<Subtree> subtrees = _assignment!.EvaluationSubtrees(index, due.Leaves);
        if (subtrees.Count == 0)
        {
            effects.Send(Address.Coordinator, new EvaluationDone(due.Generation, index, due.Part, due.Version, []));
            return;
        }
        _phase = Phase.Evaluating;
        effects.Perform(new EvaluateSubtrees(due.Generation, due.Part, due.Leaves, subtrees));
    }

    private void OnSubtreesEvaluated(SubtreesEvaluated message, EffectList effects)
    {
        if (IsForeign(message.Generation)) return;
        _phase = Phase.Waiting;
        effects.Send(Address.Coordinator, new EvaluationDone(message.Generation, index, message.Part, _evaluation!.Version, message.Sums));
    }

    private long NewestVersion()
    {
        long newest = NoVersion;
        foreach (long version in _shardVersions) newest = Math.Max(newest, version);
        return newest;
    }

    private bool AllShardsAt(long version)
    {
        foreach (long shardVersion in _shardVersions)
        {
            if (shardVersion < version) return false;
        }
        return true;
    }
}
