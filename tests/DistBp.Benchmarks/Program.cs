using System.Globalization;
using System.Text.Json;
using DistBp.Learning.Benchmarks;

bool json = args.Contains("--json");
IEnumerable<KernelRate> rates = args.FirstOrDefault(a => !a.StartsWith('-')) switch
{
    "matmul" => ProductBenchmark.Run(),
    _ => [],
};
foreach (KernelRate rate in rates)
{
    Console.WriteLine(json
        ? JsonSerializer.Serialize(rate)
        : string.Create(
            CultureInfo.InvariantCulture, $"{rate.Kernel,-22} {rate.Shape,-26} {rate.Rate,7:F1} of {rate.Ceiling,6:F1} {rate.Unit}  {rate.Ratio:F3}"));
}
