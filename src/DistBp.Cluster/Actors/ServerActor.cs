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

    /// <summary>By generation: the one at work, and while members change the one before.</summary>
    private readonly ConcurrentDictionary<Generation, ShardState> _shards = [];
    private readonly Dictionary<int, float[]> _shared = [];
    private Generation _sharedOf;
    private int _dueCount;

    public ServerActor(int index, TrainingMemory memory, ComputePool pool, ITransport transport)
        : base(Address.Server(index), transport)
    {
        (_index, _memory, _pool, _server) = (index, memory, pool, new ParameterServer(index, memory.Job.Consistency));
    }

    /// <summary>In words, for errors and the status page.</summary>
    public string Describe() => _server.Describe();

    public ShardState Shard(Generation generation) => _shards[generation];

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
        _due.Enqueue(effect);
        if (Interlocked.Increment(ref _dueCount) == 1) _pool.Enqueue(_index, this);
    }

    private Message? Perform(Effect effect, TrainingMemory memory)
    {
        switch (effect)
        {
            case LoadShard e: return Load(e);
            case HandOver e:
                Transport.Send(Address, Address.Server(e.Server), _shards[e.From].Hand(e.Generation, e.Range));
                return null;
            case KeepShard e:
                Keep(e.Generation);
                return null;
            case CombineGradients e:
                ShardState combined = _shards[e.Generation];
                combined.Combine(e);
                return new GradientsCombined(e.Generation, e.Step, combined.Norms, e.Leads ? combined.Sums(e) : default, combined.Clamped);
            case ApplyUpdate e:
                ShardState updated = _shards[e.Generation];
                updated.Update(e);
                return new UpdateApplied(e.Generation, e.Step, updated.Clipped, updated.FiguresOf(e.Step));
            case ShareShard e:
                Transport.Send(Address, Address.Worker(e.Worker), Share(e));
                return null;
            case CopyShard e:
                memory.Snapshots.Copy(_shards[e.Generation], e.Target);
                return new ShardCopied(e.Generation, e.Target, e.Version);
            case RestoreShard e:
                memory.Snapshots.RestoreBest(_shards[e.Generation]);
                return new ShardRestored(e.Generation);
            case ShowShard e:
                _shards[e.Generation].Show();
                return new ShardRestored(e.Generation);
            default:
                throw new UnreachableException($"A server's host was asked for {effect}.");
        }
    }

    /// <summary>Into the same memory for a worker each time: it has taken what was there before it pushed what this answers.</summary>
    private ShardRead Share(ShareShard effect)
    {
        ShardState shard = _shards[effect.Generation];
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
        foreach (Generation other in _shards.Keys.Where(g => g != generation)) _shards.TryRemove(other, out _);
    }

    private ShardLoaded Load(LoadShard effect)
    {
        var shard = new ShardState(_memory, effect.Shard);
        foreach (HandShard handed in effect.Handed) shard.Take(handed);
        _shards[effect.Generation] = shard;
        return new ShardLoaded(effect.Generation);
    }
}
