namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>Faults of all kinds at random moments, from the seed; then quiet, in which the run must end.</summary>
internal sealed class FaultSchedule(SimulatedCluster cluster, Random random)
{
    private const int MaxNodes = 6;

    /// <param name="until">No fault begins after this, in milliseconds.</param>
    /// <param name="meanInterval">Between two faults.</param>
    public void Plan(double until, double meanInterval)
    {
        for (double at = Interval(meanInterval) / 2; at < until; at += Interval(meanInterval))
        {
            int kind = random.Next(100);
            cluster.Clock.At(at, () => Strike(kind));
        }
    }

    private double Interval(double mean) => -Math.Log(1 - random.NextDouble()) * mean;

    private double Between(double least, double most) => least + (most - least) * random.NextDouble() * random.NextDouble();

    private void Strike(int kind)
    {
        switch (kind)
        {
            case < 22: Kill(); break;
            case < 36: Any()?.Freeze(Between(50, 6000)); break;
            case < 46: Partition(random.Next(2) == 0); break;
            case < 54: Isolate(random.Next(2) == 0); break;
            case < 60: Break(); break;
            case < 72: cluster.KillCoordinator(Between(50, 3000)); break;
            case < 80: if (!cluster.Coordinator.IsDead) cluster.Coordinator.Freeze(Between(100, 7000)); break;
            case < 88: if (cluster.Nodes.Count < MaxNodes) cluster.Join(works: random.Next(4) > 0, serves: true); break;
            case < 96: if (Others() > 2) Any()?.Leave(); break;
            default: cluster.Disk.DamageNewest(); break;
        }
    }

    /// <summary>It comes back with nothing.</summary>
    private void Kill()
    {
        if (Any() is not { } node) return;
        node.Kill();
        double restart = Between(100, 4000);
        cluster.Clock.After(restart, () => { if (!node.IsAlive) node.Start(); });
    }

    private void Partition(bool bothWays)
    {
        if (Any() is { } one && Any() is { } other && one != other) cluster.Partition(one.Name, other.Name, bothWays, Between(50, 6000));
    }

    /// <summary>From its coordinator.</summary>
    private void Isolate(bool bothWays)
    {
        if (Any() is not { } node) return;
        double time = Between(50, 6000);
        if (random.Next(2) == 0) cluster.Partition(node.Name, cluster.Coordinator.Node, bothWays, time);
        else cluster.Partition(cluster.Coordinator.Node, node.Name, bothWays, time);
    }

    private void Break()
    {
        if (Any() is { } one && Any() is { } other && one != other) cluster.Break(one, other);
    }

    private int Others() => cluster.Nodes.Count(n => n is { IsLeaving: false, Works: true, Serves: true });

    private SimulatedNode? Any()
    {
        SimulatedNode[] alive = [.. cluster.Nodes.Where(n => n.IsAlive)];
        return alive.Length == 0 ? null : alive[random.Next(alive.Length)];
    }
}
