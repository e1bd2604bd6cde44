using System.Diagnostics;
using System.Globalization;
using DistBp.Cluster.Benchmarks;

namespace DistBp.Benchmarks;

/// <summary>The control plane alone, over simulated nodes in one thread: what the coordinator computes in a step, and what a node sends and gets.</summary>
internal static class ControlPlaneBenchmark
{
    private const int Steps = 100;

    public static void Run()
    {
        Console.WriteLine($"an empty model, {Steps} steps, in the middle of which a tenth of the workers leaves; protobuf bytes of all messages, without HTTP/2's");
        Console.WriteLine("| workers, servers | join, coordinator ms | coordinator µs a step | a new assignment, coordinator ms | bytes a step: worker | server | coordinator | bytes a node, both assignments | messages a step | simulated in s |");
        Console.WriteLine("|---|---|---|---|---|---|---|---|---|---|");
        // So that the first row is not about the compiler.
        new ControlPlaneSimulation(100, 10, 50).Run();
        foreach ((int workers, int servers) in ((int, int)[])[(125, 12), (250, 25), (500, 50), (1000, 100)])
        {
            long begin = Stopwatch.GetTimestamp();
            ControlPlaneFigures f = new ControlPlaneSimulation(workers, servers, Steps).Run();
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"| {workers}, {servers} | {f.Joining.TotalMilliseconds:F1} | {f.Stepping.TotalMicroseconds / Steps:F1} | {f.Changing.TotalMilliseconds:F1} | {f.WorkerBytes / Steps:N0} | {f.ServerBytes / Steps:N0} | {f.CoordinatorBytes / Steps:N0} | {f.AssigningBytes:N0} | {f.Messages / Steps:N0} | {Stopwatch.GetElapsedTime(begin).TotalSeconds:F1} |"));
        }
    }
}
