namespace DistBp.Learning.Benchmarks;

/// <summary>How fast a kernel ran, beside the machine's ceiling for it, measured next to it.</summary>
/// <param name="Kernel">"product", "dense forward".</param>
/// <param name="Shape">"256x512x784" (m, n, k), or the element count.</param>
/// <param name="Rate">The best of several runs.</param>
/// <param name="Ceiling">FMA peak of the core, or a plain copy loop of the same footprint.</param>
/// <param name="Unit">"GFLOP/s" or "GB/s".</param>
public sealed record KernelRate(string Kernel, string Shape, double Rate, double Ceiling, string Unit)
{
    public double Ratio => Rate / Ceiling;

    /// <summary>The rate of an action of so many floating-point operations, beside the peak measured before and after it.</summary>
    internal static KernelRate Measure(string kernel, string shape, double operations, Action action)
    {
        double peak = FmaPeak.Measure();
        double seconds = Stopclock.Best(action);
        return new KernelRate(kernel, shape, operations / seconds / 1e9, Math.Max(peak, FmaPeak.Measure()), "GFLOP/s");
    }
}
