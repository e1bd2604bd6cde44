using System.Diagnostics;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Consistency;

/// <summary>
/// Which of the gradients that a server has make the next update. All servers make the same updates in the same order: where the order in which gradients come
/// plays a part, the lead server chooses and the others follow.
/// </summary>
internal abstract class StepRule
{
    /// <summary>The number of mini-batches that are applied as far as they ever will be.</summary>
    public long Version { get; protected set; }

    /// <summary>The mini-batch of the update that is due.</summary>
    public abstract long Step { get; }

    /// <summary>The update covers the mini-batches from <see cref="Step"/> up to this one.</summary>
    public virtual long End => Step + 1;

    /// <summary>The stop point that members step on to.</summary>
    public long Until { get; set; }

    /// <summary>The contributions of the update that is due: disjoint subtrees, in the order of the slices; unchanged until <see cref="Advance"/>.</summary>
    public abstract IReadOnlyList<PushGradient> Due { get; }

    /// <summary>The workers of the update that is due, where the lead server has to tell the others; else null.</summary>
    public abstract IReadOnlyList<int>? Chosen { get; }

    /// <summary>Whether every new version is announced to all workers, who wait for it; else they read when the rule lets them.</summary>
    public abstract bool Announces { get; }

    /// <summary>Slices whose gradients are here.</summary>
    public abstract int SliceCount { get; }

    /// <summary>A halt that the servers agree on in the update that is due: the version at which all workers can stand still soonest.</summary>
    public abstract long HaltAt { get; }

    public static StepRule Of(ConsistencyMode mode) => mode switch
    {
        BspMode bsp => new BarrierRule(mode, bsp.BackupWorkers),
        LocalSgdMode => new BarrierRule(mode, backupWorkers: 0),
        SspMode ssp => new PacedRule(ssp.Staleness),
        AsyncMode => new PacedRule(long.MaxValue),
        _ => throw new UnreachableException($"No rule for {mode}."),
    };

    /// <summary>All workers stand at <paramref name="version"/>.</summary>
    public abstract void Begin(Assignment assignment, long version);

    /// <summary>False where the gradient is void.</summary>
    /// <param name="gathers">Whether no update is under way.</param>
    public abstract bool Keep(PushGradient push, bool gathers);

    /// <summary>The lead server's choice of the next update.</summary>
    public abstract void Follow(IReadOnlyList<int> workers);

    /// <summary>Whether an update can be made, which is <see cref="Due"/> then.</summary>
    public abstract bool IsDue(bool leads);

    /// <summary>The lead server's figures of a mini-batch of the update that was made: what it reports, or null while it lacks other workers' part.</summary>
    public abstract StepCommitted? Report(Generation generation, long step, ReadOnlyMemory<double> sums, double gradientNorm, bool clipped);

    /// <summary>The update that was due is made.</summary>
    public abstract void Advance();

    /// <summary>The next worker that may read parameters, for its step; null: none now.</summary>
    /// <param name="until">No step from here on.</param>
    public virtual (int Worker, long Step)? NextReader(long until) => null;
}
