using System.Diagnostics;
using DistBp.Cluster.Configuration.Forms;
using DistBp.Protocol.Consistency;
using static DistBp.Cluster.Configuration.Forms.Numbers;

namespace DistBp.Cluster.Configuration.Jobs;

/// <summary>How modes of consistency are written in a job file.</summary>
internal static class ConsistencyForms
{
    /// <summary>The sums of so many steps go in one message.</summary>
    private const int MaxLocalSteps = 1024;

    /// <summary>Not written where it is 0: bsp is the word alone.</summary>
    private static readonly OptionalForm<int> BackupWorkers = new(Count(0, JobForm.MaxSlices - 1, sample: 1));

    public static readonly OneOfForm<ConsistencyMode> Consistency = new("consistency", WordOf,
    [
        Variant<ConsistencyMode>.Of("bsp", new BspMode(),
            (f, m) => new BspMode(f.Field("backupWorkers", m.BackupWorkers > 0 ? m.BackupWorkers : (int?)null, BackupWorkers) ?? 0)),
        Variant<ConsistencyMode>.Of("ssp", new SspMode(Staleness: 3),
            (f, m) => new SspMode(f.Field("staleness", m.Staleness, Count(0, 1_000_000, sample: 3)))),
        Variant<ConsistencyMode>.Of("async", new AsyncMode()),
        Variant<ConsistencyMode>.Of("localSgd", new LocalSgdMode(Steps: 16), (f, m) => new LocalSgdMode(
            f.Field("steps", m.Steps, Count(1, MaxLocalSteps, sample: 16)), f.Field("outerRate", m.OuterRate, Positive),
            f.Field("outerMomentum", m.OuterMomentum, Decay))),
    ],
    notAvailable: []);

    private static string WordOf(ConsistencyMode mode) => mode switch
    {
        BspMode => "bsp",
        SspMode => "ssp",
        AsyncMode => "async",
        LocalSgdMode => "localSgd",
        _ => throw new UnreachableException($"No word for {mode}."),
    };
}
