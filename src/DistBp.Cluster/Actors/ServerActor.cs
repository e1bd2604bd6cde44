using System.Diagnostics;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>Hosts a <see cref="ParameterServer"/>.</summary>
internal sealed class ServerActor : Actor, IComputation
{
    private readonly ParameterServer _server;
    private readonly TrainingMemory _memory;
    private readonly ComputePool _pool;
    private readonly int _index;
    private ShardState? _shard;
    private Effect? _request;

    public ServerActor(int index, TrainingMemory memory, ComputePool pool, InMemoryTransport transport)
        : base(Address.Server(index), transport)
    {
        (_index, _memory, _pool, _server) = (index, memory, pool, new ParameterServer(index));
    }

    /// <summary>The computation that the pool runs: the one effect under way.</summary>
    public void Run()
    {
        switch (_request)
        {
            case LoadShard e:
                _shard = new ShardState(_memory, e.Shard);
                Post(new ShardLoaded(e.Generation));
                break;
            case CombineGradients e:
                _shard!.Combine(e);
                Post(new GradientsCombined(e.Generation, e.Step, _shard.Norms, _index == ParameterServer.Lead ? _shard.Sums(e) : default, _shard.Clamped));
                break;
            case ApplyUpdate e:
                _shard!.Update(e);
                Post(new UpdateApplied(e.Generation, e.Step, _shard.Clipped, _shard.FiguresOf(e.Step)));
                break;
            case CopyShard e:
                _memory.Snapshots.Copy(_shard!, e.Target);
                Post(new ShardCopied(e.Generation, e.Target, e.Version));
                break;
            case RestoreShard e:
                _memory.Snapshots.RestoreBest(_shard!);
                Post(new ShardRestored(e.Generation));
                break;
            case ShowShard e:
                _shard!.Show();
                Post(new ShardRestored(e.Generation));
                break;
            default:
                throw new UnreachableException($"A server's host was asked for {_request}.");
        }
    }

    protected override void Step(Message message, EffectList effects) => _server.Step(message, effects);

    protected override void Perform(Effect effect)
    {
        _request = effect;
        _pool.Enqueue(_index, this);
    }
}
