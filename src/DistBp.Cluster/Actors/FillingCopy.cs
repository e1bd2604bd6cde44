using DistBp.Learning;
using DistBp.Learning.Encodings;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// A copy of another server's shard that is being filled while steps are made. What is to be done with it before it is whole is kept, and done in the same order when it is. What
/// comes with that is copied: senders use their memory again for the steps that follow.
/// </summary>
internal sealed class FillingCopy(TrainingMemory memory, ParameterShard shard)
{
    private readonly List<Action<ShardState>> _due = [];

    // Not before something comes: members wait for each other until all have loaded what they own.
    private ShardState? _state;

    public void Take(HandShard part) => (_state ??= new ShardState(memory, shard, isCopy: true)).Take(part);

    public void Follow(ReplicateGradient owner, ApplyUpdate update)
    {
        ReplicateGradient gradient = owner with { Root = Copy(owner.Root) };
        ApplyUpdate step = update with { Norms = [.. update.Norms.Select(n => new SegmentNorms(n.Segments.ToArray(), n.Squared.ToArray()))] };
        _due.Add(copy => copy.Follow(gradient, step));
    }

    public void KeepBest() => _due.Add(copy => copy.KeepBest());

    public void RestoreBest() => _due.Add(copy => copy.RestoreBest());

    /// <summary>All parts are here.</summary>
    public ShardState Complete()
    {
        foreach (Action<ShardState> due in _due) due(_state!);
        return _state!;
    }

    private static GradientPart Copy(GradientPart root)
    {
        var dense = new TensorBuffer(root.Dense.Length);
        root.Dense.Span.CopyTo(dense.Span);
        return new GradientPart(dense.Memory, [.. root.Sparse.Select(rows => new SparseRows(rows.Rows.ToArray(), rows.Values.ToArray()))]);
    }
}
