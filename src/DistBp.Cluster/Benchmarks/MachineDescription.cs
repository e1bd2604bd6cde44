using System.Runtime.InteropServices;
using DistBp.Learning.Benchmarks;

namespace DistBp.Cluster.Benchmarks;

/// <summary>What figures were measured on.</summary>
/// <param name="Processor">As the system names it.</param>
/// <param name="Cores">That this process may use.</param>
/// <param name="VectorBits">512, 256 or 128: what the kernels run at.</param>
/// <param name="FmaPeak">GFLOP/s of one core: fused multiply-adds in registers alone.</param>
/// <param name="Runtime">".NET 10.0.0".</param>
public sealed record MachineDescription(string Processor, int Cores, int VectorBits, double FmaPeak, string Runtime)
{
    private const string ProcessorFile = "/proc/cpuinfo";

    public static MachineDescription Measure() => new(
        ProcessorName(), Environment.ProcessorCount, ProductBenchmark.VectorBits, ProductBenchmark.MeasurePeak(),
        RuntimeInformation.FrameworkDescription);

    private static string ProcessorName()
    {
        string? line = File.Exists(ProcessorFile)
            ? File.ReadLines(ProcessorFile).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))
            : Environment.GetEnvironmentVariable("PROCESSOR_IDENTIFIER");
        return line?[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
