namespace DistBp.Protocol.Consistency;

/// <summary>Which gradients an update waits for, and how old the parameters may be that they were computed from.</summary>
public abstract record ConsistencyMode
{
    public static ConsistencyMode Exact { get; } = new BspMode();

    /// <summary>Whether each worker steps through its own slices of the mini-batches, and its gradient is applied when it comes.</summary>
    public bool IsPaced => this is SspMode or AsyncMode;

    /// <summary>Whether a step ends only with every gradient of its mini-batch, so that parameters change while no worker reads them.</summary>
    public bool IsExact => this is BspMode { BackupWorkers: 0 };

    /// <summary>Whether parameters change only while no worker reads them.</summary>
    public bool IsSynchronous => IsExact || this is LocalSgdMode;

    /// <summary>The version that an update of version <paramref name="version"/> leads to, where all workers make it together.</summary>
    /// <param name="until">The stop point that all go on to.</param>
    public long Next(long version, long until) => this is LocalSgdMode local ? Math.Max(version + 1, Math.Min(version + local.Steps, until)) : version + 1;

    /// <summary>What the run cannot promise because of it, in a sentence; null: nothing.</summary>
    public abstract string? Caveat { get; }
}

/// <summary>Bulk-synchronous parallel: all workers make each step together.</summary>
/// <param name="BackupWorkers">So many of the slowest are not waited for in each step.</param>
public sealed record BspMode(int BackupWorkers = 0) : ConsistencyMode
{
    public override string? Caveat => BackupWorkers == 0 ? null
        : $"consistency bsp with {BackupWorkers} backup worker{(BackupWorkers == 1 ? "" : "s")}: the gradients of the slowest are left out of a step, so the bits depend on who "
            + "is slow, and not every sample counts in each epoch; `distbp audit` names those that did not";
}

/// <summary>Stale-synchronous parallel: a worker may be ahead of the slowest one, but not by more than <paramref name="Staleness"/> steps (Ho et al., 2013).</summary>
public sealed record SspMode(int Staleness) : ConsistencyMode
{
    public override string? Caveat =>
        $"consistency ssp: gradients are applied one worker at a time, computed from parameters that lack up to {Staleness} mini-batches: the bits depend on who is slow; "
            + PacedConsistency.Costs;
}

/// <summary>As <see cref="SspMode"/>, with no bound.</summary>
public sealed record AsyncMode : ConsistencyMode
{
    public override string? Caveat =>
        "consistency async: gradients are applied one worker at a time, computed from parameters of any age: the bits depend on who is slow; " + PacedConsistency.Costs;
}

/// <summary>
/// Local SGD (Stich, 2019): each worker makes so many steps by itself over its slices of the mini-batches; then all together take the mean of what they have moved for the gradient of
/// one outer step of SGD with Nesterov momentum (Douillard et al., "DiLoCo", 2023). With rate 1 and no momentum the parameters are averaged.
/// </summary>
/// <param name="Steps">Fewer before a stop point: an epoch's end or a checkpoint.</param>
public sealed record LocalSgdMode(int Steps, double OuterRate = 1, double OuterMomentum = 0) : ConsistencyMode
{
    public override string? Caveat =>
        $"consistency localSgd: each worker makes {Steps} step{(Steps == 1 ? "" : "s")} from parameters that lack what the others do meanwhile: the bits depend on the number of workers; each clips its own "
            + "gradient, its optimizer begins anew when members change or the run is resumed, and gradients and activations are not measured";
}

internal static class PacedConsistency
{
    public const string Costs = "a member that is lost costs the way back to the last checkpoint, and gradients and activations are not measured";
}
