using System.Collections.Concurrent;
using System.Diagnostics;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Hosts a <see cref="ParameterServer"/>. Its effects run one after the other: while members change, a new one may come before the last is done.</summary>
internal sealed class ServerActor : Actor, IComputation
{
    private readonly ParameterServer _server;
    private readonly TrainingMemory _memory;
    private readonly ComputePool _pool;
    private readonly int _index;
    private readonly ConcurrentQueue<Effect> _due = [];

    /// <summary>Its own shard, and copies of others', of the generation at work and, while members change, of the one before.</summary>
    private readonly ConcurrentDictionary<ShardKey, ShardState> _shards = [];

    /// <summary>Copies that are not whole yet.</summary>
    private readonly Dictionary<ShardKey, FillingCopy> _filling = [];

    /// <summary>The server's own shard as it was, while copies are filled from it.</summary>
    private volatile ShardPicture? _picture;
    private readonly Dictionary<int, float[]> _shared = [];
    private Generation _sharedOf;
    private ShardRoot? _root;
    private Generation _rootOf;
    private int _dueCount;

    public ServerActor(int index, TrainingMemory memory, ComputePool pool, ITransport transport)
        : base(Address.Server(index), transport)
    {
        (_index, _memory, _pool, _server) = (index, memory, pool, new ParameterServer(index, memory.Job.Consistency));
    }

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() => _server.Describe();

    public ShardState Shard(Generation generation) => _shards[new ShardKey(generation, _index)];

    /// <summary>The computation that the pool runs: the effect that is next.</summary>
    public void Run()
    {
        if (!_due.TryDequeue(out Effect? effect)) throw new UnreachableException($"{Address} has nothing to compute.");
        Message? done = Perform(effect, _memory);
        if (Interlocked.Decrement(ref _dueCount) > 0) _pool.Enqueue(_index, this);
        if (done is not null) Post(done);
    }

    protected override void Step(Message message, EffectList effects) => _server.Step(message, effects);

    protected override void Perform(Effect effect)
    {
        // It changes no more, so it need not wait for what computes.
        if (effect is HandPicture hand && _picture is { } picture && picture.Generation == hand.Generation)
        {
            Hand(picture, hand);
            return;
        }
        _due.Enqueue(effect);
        if (Interlocked.Increment(ref _dueCount) == 1) _pool.Enqueue(_index, this);
    }

    private Message? Perform(Effect effect, TrainingMemory memory)
    {
        switch (effect)
        {
            case LoadShard e: return Load(e);
            case HandOver e:
                Transport.Send(Address, Address.Server(e.Server), _shards[new ShardKey(e.From, e.Owner)].Hand(e.Generation, e.Range));
                return null;
            case BeginCopy e:
                _filling[new ShardKey(e.Generation, e.Owner)] = new FillingCopy(memory, e.Shard);
                return null;
            case FillCopy e:
                Fill(e);
                return null;
            case KeepPicture e:
                KeepPicture(e.Generation);
                return null;
            case HandPicture e:
                Hand(_picture!, e);
                return null;
            case DropPicture:
                _picture = null;
                return null;
            case KeepShard e:
                Keep(e.Generation);
                return null;
            case CombineGradients e: return Combine(e);
            case FollowUpdate e:
                Follow(new ShardKey(e.Update.Generation, e.Owner.Server), e);
                return null;
            case ApplyUpdate e:
                ShardState updated = Shard(e.Generation);
                updated.Update(e);
                return new UpdateApplied(e.Generation, e.Step, updated.Clipped, updated.FiguresOf(e.Step));
            case ShareShard e:
                Transport.Send(Address, Address.Worker(e.Worker), Share(e));
                return null;
            case CopyShard e: return Copy(e);
            case RestoreShard e:
                memory.Snapshots.RestoreBest(Shard(e.Generation));
                foreach (ShardState copy in CopiesOf(e.Generation)) copy.RestoreBest();
                foreach (FillingCopy copy in FillingOf(e.Generation)) copy.RestoreBest();
                return new ShardRestored(e.Generation);
            case ShowShard e:
                Shard(e.Generation).Show();
                return new ShardRestored(e.Generation);
            default:
                throw new UnreachableException($"A server's host was asked for {effect}.");
        }
    }

    private GradientsCombined Combine(CombineGradients effect)
    {
        ShardState shard = Shard(effect.Generation);
        if (effect.KeepsRoot && (_root is null || _rootOf != effect.Generation))
            (_root, _rootOf) = (new ShardRoot(_memory, _index, shard.Shard, shard.Tables), effect.Generation);
        ShardRoot? root = effect.KeepsRoot ? _root : null;
        shard.Combine(effect, root);
        return new GradientsCombined(effect.Generation, effect.Step, shard.Norms, effect.Leads ? shard.Sums(effect) : null, shard.Clamped) { Root = root?.Part };
    }

    private ShardCopied Copy(CopyShard effect)
    {
        _memory.Snapshots.Copy(Shard(effect.Generation), effect.Target);
        if (effect.Target == CaptureTarget.Best)
        {
            foreach (ShardState copy in CopiesOf(effect.Generation)) copy.KeepBest();
            foreach (FillingCopy copy in FillingOf(effect.Generation)) copy.KeepBest();
        }
        var copied = new ShardCopied(effect.Generation, effect.Target, effect.Version);
        return !effect.Digests ? copied : copied with
        {
            Digests = [.. _shards.Where(s => s.Key.Generation == effect.Generation).Select(s => new ShardDigest(s.Key.Owner, s.Value.Digest))],
        };
    }

    private void Follow(ShardKey copy, FollowUpdate effect)
    {
        if (_filling.TryGetValue(copy, out FillingCopy? filling)) filling.Follow(effect.Owner, effect.Update);
        else _shards[copy].Follow(effect.Owner, effect.Update);
    }

    private void Fill(FillCopy effect)
    {
        var key = new ShardKey(effect.Part.Generation, effect.Owner);
        FillingCopy copy = _filling[key];
        copy.Take(effect.Part);
        if (!effect.IsLast) return;
        _shards[key] = copy.Complete();
        _filling.Remove(key);
    }

    private void KeepPicture(Generation generation)
    {
        ShardState shard = Shard(generation), picture = new(_memory, shard.Shard, isCopy: true);
        picture.Take(shard.Hand(generation, shard.Shard));
        _picture = new ShardPicture(generation, picture);
    }

    private void Hand(ShardPicture picture, HandPicture effect) =>
        Transport.Send(Address, Address.Server(effect.Backup), picture.Shard.Hand(effect.Generation, effect.Range));

    private IEnumerable<FillingCopy> FillingOf(Generation generation) => _filling.Where(f => f.Key.Generation == generation).Select(f => f.Value);

    private IEnumerable<ShardState> CopiesOf(Generation generation) =>
        _shards.Where(s => s.Key.Generation == generation && s.Key.Owner != _index).Select(s => s.Value);

    /// <summary>Into the same memory for a worker each time: it has taken what was there before it pushed what this answers.</summary>
    private ShardRead Share(ShareShard effect)
    {
        ShardState shard = Shard(effect.Generation);
        // Before a new generation's first read the worker may still be at the old one's.
        if (effect.Generation != _sharedOf)
        {
            _shared.Clear();
            _sharedOf = effect.Generation;
        }
        if (!_shared.TryGetValue(effect.Worker, out float[]? copy)) _shared[effect.Worker] = copy = new float[shard.Shard.Count];
        shard.ShareTo(copy);
        return new ShardRead(effect.Generation, _index, effect.Step, effect.Version, copy);
    }

    private void Keep(Generation generation)
    {
        foreach (ShardKey other in _shards.Keys.Where(k => k.Generation != generation)) _shards.TryRemove(other, out _);
        foreach (ShardKey other in _filling.Keys.Where(k => k.Generation != generation).ToList()) _filling.Remove(other);
        if (_picture?.Generation != generation) _picture = null;
    }

    private ShardLoaded Load(LoadShard effect)
    {
        Load(effect, _index, new ShardState(_memory, effect.Shard));
        foreach (ShardCopy copy in effect.Copies) Load(effect, copy.Owner, new ShardState(_memory, copy.Shard, isCopy: true));
        return new ShardLoaded(effect.Generation);
    }

    private void Load(LoadShard effect, int owner, ShardState shard)
    {
        foreach (HandShard handed in effect.Handed)
        {
            if (handed.Range.Overlap(shard.Shard).Count > 0) shard.Take(handed);
        }
        _shards[new ShardKey(effect.Generation, owner)] = shard;
    }

    private sealed record ShardPicture(Generation Generation, ShardState Shard);

    private readonly record struct ShardKey(Generation Generation, int Owner);
}
