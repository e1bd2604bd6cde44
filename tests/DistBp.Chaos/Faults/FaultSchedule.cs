using DistBp.Chaos.Processes;
using DistBp.Tests.Shared;

namespace DistBp.Chaos.Faults;

/// <summary>
/// What happens when, from a seed. Times are in the job's steps, so that all happens within the run however fast the machine is. Each kind comes once before one comes
/// again.
/// </summary>
internal static class FaultSchedule
{
    /// <summary>The first steps are left alone, and after the last fault there is time to recover.</summary>
    private const double First = 0.04, Last = 0.9;

    /// <param name="pause">The acceptable one.</param>
    public static IReadOnlyList<Fault> Draw(int seed, int count, IReadOnlyList<FaultKind> kinds, IReadOnlyList<string> nodes, TimeSpan pause)
    {
        var random = new Random(seed);
        var faults = new List<Fault>();
        var left = new Queue<FaultKind>();
        double each = (Last - First) / Math.Max(1, count);
        for (int i = 0; i < count; i++)
        {
            if (left.Count == 0)
            {
                FaultKind[] shuffled = [.. kinds];
                random.Shuffle(shuffled);
                left = new Queue<FaultKind>(shuffled);
            }
            FaultKind kind = left.Dequeue();
            string victim = kind is FaultKind.FullDisk or FaultKind.KillCoordinator or FaultKind.FreezeCoordinator ? ""
                : kind == FaultKind.KillEtcd ? EtcdMembers.NameOf(random.Next(EtcdMembers.Usual)) : nodes[random.Next(nodes.Count)];
            faults.Add(new Fault(First + (each * (i + (0.5 * random.NextDouble()))), kind, victim, LengthOf(kind, pause, random)));
        }
        return faults;
    }

    private static TimeSpan LengthOf(FaultKind kind, TimeSpan pause, Random random) => kind switch
    {
        FaultKind.Cut => TimeSpan.Zero,
        FaultKind.ShortPause => pause * (0.3 + (0.4 * random.NextDouble())),
        FaultKind.Kill or FaultKind.KillCoordinator or FaultKind.KillEtcd => pause * (0.5 + (1.5 * random.NextDouble())),
        FaultKind.SlowLink or FaultKind.FullDisk => pause * 3,
        FaultKind.FreezeCoordinator => 2 * ChaosCluster.Lease,
        _ => pause * (2 + (0.5 * random.NextDouble())),
    };
}
