using System.Globalization;
using DistBp.Cluster.Benchmarks;
using DistBp.Learning.Benchmarks;

namespace DistBp.Cli.Display;

/// <summary>The tables of distbp benchmark.</summary>
internal static class BenchmarkText
{
    private static readonly StepPhase[] Phases = Enum.GetValues<StepPhase>();

    public static void Write(BenchmarkReport report, TextWriter output)
    {
        MachineDescription machine = report.Machine;
        output.WriteLine($"{machine.Processor}, {NumberText.Count(machine.Cores, "core")}, vectors of {machine.VectorBits} bits, {machine.Runtime}");
        if (report.Products is { } products) WriteRates("Matrix products, one core, of the FMA peak", products, output);
        if (report.Convolutions is { } convolutions) WriteRates("Convolutions, one core, of the FMA peak", convolutions, output);
        if (report.Elementwise is { } elementwise) WriteRates("Elementwise, one core, of a plain copy of the same footprint", elementwise, output);
        if (report.Barriers is { } barriers) WriteBarriers(barriers, output);
        if (report.Wire is { } wire) WriteWire(wire, output);
        if (report.WireDelay is { } delay) WriteDelay(delay, output);
        if (report.Steps is not { Count: > 0 } steps) return;
        WriteSteps(steps, output);
        WriteTraffic(steps, output);
    }

    private static void WriteRates(string title, IReadOnlyList<KernelRate> rates, TextWriter output) => WriteTable(
        title, ["kernel", "shape", "", "", "of", "ratio"],
        rates.Select(r => new[] { r.Kernel, r.Shape, One(r.Rate), r.Unit, One(r.Ceiling), r.Ratio.ToString("F2", CultureInfo.InvariantCulture) }),
        textColumns: 2, output);

    private static void WriteBarriers(IReadOnlyList<BarrierRate> barriers, TextWriter output) => WriteTable(
        "Hand-over to another thread, µs", ["waiting", "median", "p99"],
        barriers.Select(b => new[] { b.Waiting, One(b.MedianMicroseconds), One(b.SlowMicroseconds) }), textColumns: 1, output);

    private static void WriteWire(IReadOnlyList<WireRate> wire, TextWriter output) => WriteTable(
        "Tensors between two nodes over gRPC on loopback, both ways at once", ["KiB a tensor", "GB/s both ways", "processor ns a byte", "allocated bytes a message"],
        wire.Select(w => new[]
        {
            $"{w.TensorBytes >> 10}", w.GigabytesPerSecond.ToString("F2", CultureInfo.InvariantCulture),
            w.ProcessorNanosecondsPerByte.ToString("F2", CultureInfo.InvariantCulture), One(w.AllocatedBytesPerMessage),
        }),
        textColumns: 0, output);

    private static void WriteDelay(WireDelay delay, TextWriter output) => WriteTable(
        "A small message from node to node, µs", ["median", "p99"],
        [[One(delay.MedianMicroseconds), One(delay.SlowMicroseconds)]], textColumns: 0, output);

    private static void WriteSteps(IReadOnlyList<StepRate> steps, TextWriter output) => WriteTable(
        $"Steps of {steps[0].Model} ({NumberText.Count(steps[0].Parameters)} parameters) on {steps[0].Data}, µs a step by phase, mean of the threads",
        ["batch", "workers", "samples/s", "step", .. Phases.Select(p => p.ToString().ToLowerInvariant())],
        steps.Select(s => (string[])
            [$"{s.Batch}", $"{s.Workers}", NumberText.Count(s.SamplesPerSecond), One(s.MicrosecondsPerStep), .. Phases.Select(p => One(s.Phases[p]))]),
        textColumns: 0, output);

    private static void WriteTraffic(IReadOnlyList<StepRate> steps, TextWriter output) => WriteTable(
        "Memory of a step", ["batch", "workers", "reduce MB", "GB/s", "update MB", "GB/s", "allocated bytes"],
        steps.Select(s => new[]
        {
            $"{s.Batch}", $"{s.Workers}", One(s.ReduceBytesPerStep / 1e6), One(Rate(s, StepPhase.Reduce, s.ReduceBytesPerStep)),
            One(s.UpdateBytesPerStep / 1e6), One(Rate(s, StepPhase.Update, s.UpdateBytesPerStep)), NumberText.Count(s.AllocatedBytesPerStep),
        }),
        textColumns: 0, output);

    // GB/s over all threads, which work side by side.
    private static double Rate(StepRate step, StepPhase phase, long bytes) => bytes / step.Phases[phase] / 1e3;

    private static void WriteTable(string title, string[] head, IEnumerable<string[]> rows, int textColumns, TextWriter output)
    {
        output.WriteLine();
        output.WriteLine(title);
        TextColumns.Write(output, [head, .. rows], [.. head.Select((_, column) => column >= textColumns)], "  ");
    }

    private static string One(double value) => value.ToString("N1", CultureInfo.InvariantCulture);
}
