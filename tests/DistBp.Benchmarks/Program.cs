using System.Globalization;
using System.Text.Json;
using DistBp.Learning.Benchmarks;
using DistBp.Learning.Kernels.Simd;

// dotnet run -c Release --project tests/DistBp.Benchmarks -- matmul|elementwise|convolution [--json]
bool json = args.Contains("--json");
IEnumerable<KernelRate> rates = args.FirstOrDefault(a => !a.StartsWith('-')) switch
{
    "matmul" => ProductBenchmark.Run(),
    "elementwise" => ElementwiseBenchmark.Run(),
    "convolution" => ConvolutionBenchmark.Run(),
    _ => throw new ArgumentException("What to measure: matmul, elementwise or convolution; --json prints one object a line."),
};
if (!json) Console.WriteLine($"one core, vectors of {Widest.Bits} bits");
foreach (KernelRate rate in rates)
{
    Console.WriteLine(json
        ? JsonSerializer.Serialize(rate)
        : string.Create(
            CultureInfo.InvariantCulture, $"{rate.Kernel,-22} {rate.Shape,-26} {rate.Rate,7:F1} of {rate.Ceiling,6:F1} {rate.Unit}  {rate.Ratio:F3}"));
}
