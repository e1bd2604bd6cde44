using DistBp.Learning.Encodings;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>The coordinator's part that has members capture what they hold: which capture is due at a stop point, what has come of it, and the checkpoint that is made of it.</summary>
internal sealed class Captures(TrainingPlan plan, Inquiry inquiry)
{
    private readonly List<SubtreeResidual> _residuals = [];
    private readonly SortedDictionary<int, List<(int Server, ulong Digest)>> _digests = [];
    private CaptureTarget _target;
    private long _shardVersion;

    /// <summary>Of the newest checkpoint, written or being written.</summary>
    private long _checkpoint = plan.StartVersion;

    /// <summary>The epoch that has just ended is the best one: servers have yet to keep its parameters.</summary>
    public bool IsBestDue { get; set; }

    /// <summary>Servers keep the best epoch's parameters, and this coordinator's host has not got them: it has taken over since.</summary>
    public bool IsBestElsewhere { get; set; }

    /// <summary>Until the checkpoint is on the disk its copies are taken by it.</summary>
    public bool IsWriting { get; private set; }

    /// <summary>The run goes on from a checkpoint.</summary>
    public void Resume(long version)
    {
        _checkpoint = version;
        ForgetBest();
    }

    /// <summary>Whether there has to be a checkpoint of the version, where the run ends with it, and is none.</summary>
    public bool Lacks(long version) => plan.WritesCheckpoints && _checkpoint != version;

    /// <summary>What is to be captured at the stop point; null: nothing.</summary>
    /// <param name="ends">Whether the run ends there.</param>
    public CaptureTarget? Due(long version, bool ends)
    {
        if (IsBestDue) return CaptureTarget.Best;
        bool isDue = ends || (plan.CheckpointEverySteps > 0 && version % plan.CheckpointEverySteps == 0);
        if (!isDue || !Lacks(version)) return null;
        return IsBestElsewhere ? CaptureTarget.KeptBest : CaptureTarget.Checkpoint;
    }

    /// <param name="shardVersion">What servers call the version.</param>
    public void Begin(CaptureTarget target, long shardVersion, Assignment assignment, EffectList effects)
    {
        (_target, _shardVersion) = (target, shardVersion);
        _digests.Clear();
        _residuals.Clear();
        inquiry.Begin();
        inquiry.AskServers(assignment, new CaptureShard(assignment.Generation, target, shardVersion), effects);
        if (target != CaptureTarget.Checkpoint || !plan.KeepsResiduals) return;
        inquiry.AskWorkers(assignment, new CaptureResiduals(assignment.Generation, shardVersion), effects);
    }

    /// <summary>One that arrives again, late, says nothing.</summary>
    /// <returns>Whether all have answered with it.</returns>
    public bool Add(ShardCaptured message)
    {
        var server = Address.Server(message.Server);
        if (message.Version != _shardVersion || message.Target != _target || !inquiry.Awaits(server)) return false;
        foreach (ShardDigest digest in message.Digests)
        {
            if (!_digests.TryGetValue(digest.Owner, out List<(int Server, ulong Digest)>? known)) _digests[digest.Owner] = known = [];
            known.Add((message.Server, digest.Digest));
        }
        return inquiry.AnswerLast(server);
    }

    /// <summary>As of a shard.</summary>
    public bool Add(ResidualsCaptured message)
    {
        var worker = Address.Worker(message.Worker);
        if (message.Version != _shardVersion || !inquiry.Awaits(worker)) return false;
        _residuals.AddRange(message.Residuals);
        return inquiry.AnswerLast(worker);
    }

    /// <summary>The host has the best epoch's parameters, or there are none to have.</summary>
    public void ForgetBest() => IsBestDue = IsBestElsewhere = false;

    /// <summary>What a backup would go on with is not what its owner has. Null: all copies are what they should be.</summary>
    public FailCopies? FindDamage(long version)
    {
        foreach ((int owner, List<(int Server, ulong Digest)> known) in _digests)
        {
            int[] others = [.. known.Where(k => k.Digest != known[0].Digest).Select(k => k.Server)];
            if (others.Length > 0) return new FailCopies(version, owner, others);
        }
        return null;
    }

    public void Write(long version, TrainingProgress progress, EffectList effects)
    {
        _checkpoint = version;
        IsWriting = true;
        effects.Perform(new WriteCheckpoint(version, progress, [.. _residuals.OrderBy(r => r.Subtree.First)]));
    }

    /// <summary>The checkpoint is on the disk.</summary>
    public void EndWriting() => IsWriting = false;
}
