using DistBp.Learning;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// The copies that servers take of their shards between two steps: one for the checkpoint that is being written while training goes on, one
/// of the best epoch's parameters. The coordinator asks for a checkpoint's copy only after the one before is on disk.
/// </summary>
/// <param name="parameters">The flat parameter buffer; those of frozen layers, which no server owns, never change.</param>
internal sealed class ShardSnapshots(TensorBuffer parameters, ParameterLayout layout, int optimizerStates)
{
    private readonly TensorBuffer?[] _state = new TensorBuffer?[optimizerStates];
    private readonly Lock _lock = new();
    private TensorBuffer? _parameters;
    private TensorBuffer? _best;

    /// <summary>[layout.Count]</summary>
    public TensorBuffer Parameters => Made(ref _parameters);

    /// <summary>[layout.Count]</summary>
    public TensorBuffer Best => Made(ref _best);

    public bool HasBest => _best is not null;

    /// <summary>The shard's part of <see cref="Best"/>; empty where none is kept.</summary>
    public ReadOnlyMemory<float> BestOf(ParameterShard shard)
    {
        // Not by ?: , in which null would become an empty memory of another type.
        if (!HasBest) return default;
        return Best.Memory.Slice(shard.Offset, shard.Count);
    }

    /// <summary>[trained] of the optimizer's state <paramref name="index"/>.</summary>
    public TensorBuffer State(int index)
    {
        lock (_lock) return _state[index] ??= new TensorBuffer(layout.TrainedCount);
    }

    public void Copy(ShardState shard, CaptureTarget target)
    {
        if (target == CaptureTarget.KeptBest) return;
        if (target == CaptureTarget.Final)
        {
            // The run's result is read where it is.
            shard.Show();
            return;
        }
        if (target == CaptureTarget.Best)
        {
            shard.CopyTo(Best.Span.Slice(shard.Shard.Offset, shard.Shard.Count));
            return;
        }
        shard.CopyTo(Parameters.Span.Slice(shard.Shard.Offset, shard.Shard.Count));
        for (int i = 0; i < shard.OptimizerState.Count; i++)
            shard.OptimizerState[i].Span.CopyTo(State(i).Span[shard.TrainedShard.Offset..]);
    }

    public void RestoreBest(ShardState shard) => shard.Restore(Best.Span.Slice(shard.Shard.Offset, shard.Shard.Count));

    private TensorBuffer Made(ref TensorBuffer? buffer)
    {
        lock (_lock)
        {
            if (buffer is not null) return buffer;
            buffer = new TensorBuffer(parameters.Length);
            parameters.Span[layout.UpdatedCount..].CopyTo(buffer.Span[layout.UpdatedCount..]);
            return buffer;
        }
    }
}
