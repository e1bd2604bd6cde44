using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// A server's part in the copies of shards. Its backups get its gradient of an update before anybody else hears of it; what it gets of others it does with its copies of their
/// shards what they do. Copies that lack something are filled meanwhile.
/// </summary>
/// <param name="partLength">As of <see cref="CopyFills"/>.</param>
internal sealed class Replication(int index, int partLength)
{
    private readonly Replicas _replicas = new();
    private readonly CopyFills _fills = new(index, partLength);
    private Assignment? _assignment;

    /// <summary>The number of the first update in this generation.</summary>
    private long _firstUpdate;

    public bool HasBackups => _replicas.Backups.Count > 0;

    /// <summary>Copies that are loaded with the shard: others are filled later.</summary>
    public IReadOnlyList<ShardCopy> WholeCopies => [.. _replicas.Owners.Where(_fills.IsFilled).Select(o => new ShardCopy(o, _assignment!.Shard(o)))];

    /// <summary>Owners whose shards are not wholly here.</summary>
    public IReadOnlyCollection<int> Unfilled => _fills.Unfilled;

    public void Begin(Assign message)
    {
        (_assignment, _firstUpdate) = (message.Assignment, message.Version);
        _replicas.Begin(_assignment, index);
        _fills.Begin(_assignment, Holdings.UnfilledIn(_assignment, message.HeldBefore()));
    }

    /// <summary>Whether it keeps a copy of the owner's shard, whole or not.</summary>
    public bool BacksUp(int owner) => _replicas.Owners.Contains(owner);

    /// <returns>False where the part belongs into no copy that is being filled.</returns>
    public bool Take(HandShard part, EffectList effects)
    {
        if (_fills.OwnerOf(part) is not { } owner) return false;
        if (_fills.Take(owner, part, effects))
        {
            // One may have waited for this; the others are acknowledged once more.
            foreach (ReplicateGradient kept in _replicas.KeptOf(owner)) Acknowledge(kept, effects);
        }
        return true;
    }

    /// <summary>As of <see cref="CopyFills"/>.</summary>
    public void Progress(CopyProgressed message, EffectList effects) => _fills.Progress(message, effects);

    /// <summary>To all backups; <see cref="Answer"/> says when the last has it.</summary>
    public void Share(ReplicateGradient own, EffectList effects)
    {
        foreach (int backup in _replicas.Backups) effects.Send(Address.Server(backup), own);
    }

    /// <returns>As of <see cref="Replicas.Acknowledge"/>.</returns>
    public bool Answer(GradientReplicated message) => _replicas.Acknowledge(message.Backup);

    /// <summary>Kept in any phase: whether the step counts is decided elsewhere.</summary>
    /// <param name="update">The one under way.</param>
    public void Keep(ReplicateGradient gradient, long update, EffectList effects)
    {
        if (!_replicas.Keep(gradient, update)) return;
        // What comes before a copy is whole takes memory: at some time its owner waits.
        if (_fills.IsFilled(gradient.Server) || gradient.Step < _firstUpdate + ParameterServer.MaxStepsAhead) Acknowledge(gradient, effects);
    }

    /// <summary>What the owner had told of the update; empty where that has not come, or it knew nothing.</summary>
    public ReadOnlyMemory<double> SumsOf(int owner, long update) => _replicas.Of(owner, update)?.Sums ?? default;

    /// <summary>The same update with the copies.</summary>
    public void Follow(ApplyUpdate apply, long update, EffectList effects)
    {
        IReadOnlyList<ReplicateGradient> gradients = _replicas.Of(update);
        for (int i = 0; i < gradients.Count; i++)
        {
            if (_fills.Follows(gradients[i].Server)) effects.Perform(new FollowUpdate(gradients[i], apply));
        }
    }

    /// <summary>The next update is <paramref name="update"/>.</summary>
    public void Advance(long update) => _replicas.Advance(update);

    /// <summary>As of <see cref="Advance"/>, when it is announced: the generation's first update is to be over before copies are filled.</summary>
    public void FillIfDue(long update, EffectList effects)
    {
        if (update == _firstUpdate + 1) _fills.Start(effects);
    }

    private void Acknowledge(ReplicateGradient gradient, EffectList effects) =>
        effects.Send(Address.Server(gradient.Server), new GradientReplicated(gradient.Generation, index, gradient.Step));
}
