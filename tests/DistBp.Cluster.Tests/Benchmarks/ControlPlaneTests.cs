using DistBp.Cluster.Benchmarks;
using Xunit.Abstractions;

namespace DistBp.Cluster.Tests.Benchmarks;

public sealed class ControlPlaneTests(ITestOutputHelper output)
{
    /// <summary>Bytes, for they are the same each time. The thousand workers and the times are the benchmark's: tests/DistBp.Benchmarks, control-plane.</summary>
    [Fact]
    public void What_a_node_sends_and_gets_grows_no_faster_than_the_cluster()
    {
        ControlPlaneFigures small = new ControlPlaneSimulation(workers: 50, servers: 5, steps: 10).Run(), large = new ControlPlaneSimulation(workers: 200, servers: 20, steps: 10).Run();
        output.WriteLine($"{small}\n{large}");
        Assert.Equal((10, 10), (small.WholeSteps, large.WholeSteps));
        Assert.InRange(large.WorkerBytes, 1, 4.4 * small.WorkerBytes);
        Assert.InRange(large.ServerBytes, 1, 4.4 * small.ServerBytes);
        Assert.InRange(large.AssigningBytes, 1, 4.4 * small.AssigningBytes);
        Assert.InRange(large.CoordinatorBytes, 1, 4.4 * small.CoordinatorBytes);
    }
}
