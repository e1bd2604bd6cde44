using System.Globalization;
using System.Text.Json;
using DistBp.Benchmarks;
using DistBp.Learning.Benchmarks;
using DistBp.Learning.Kernels.Simd;

// dotnet run -c Release --project tests/DistBp.Benchmarks -- matmul|elementwise|convolution [--json]
//                                                         -- search [SEEDS [TRIALS [LAG]]]
//                                                         -- search-digits [SEEDS [TRIALS]]
//                                                         -- slow-worker [REPETITIONS]
//                                                         -- control-plane
string what = args.FirstOrDefault(a => !a.StartsWith('-')) ?? "";
int Number(int index, int otherwise) => args.Length > index ? int.Parse(args[index], CultureInfo.InvariantCulture) : otherwise;
if (what == "search")
{
    SearchBenchmark.Run(Number(1, 20), Number(2, 60), Number(3, 4));
    return;
}
if (what == "search-digits")
{
    await DigitsSearchBenchmark.RunAsync(Number(1, 20), Number(2, 30));
    return;
}
if (what == "slow-worker")
{
    await SlowWorkerBenchmark.RunAsync(Number(1, 3));
    return;
}
if (what == "control-plane")
{
    ControlPlaneBenchmark.Run();
    return;
}
bool json = args.Contains("--json");
IEnumerable<KernelRate> rates = what switch
{
    "matmul" => ProductBenchmark.Run(),
    "elementwise" => ElementwiseBenchmark.Run(),
    "convolution" => ConvolutionBenchmark.Run(),
    _ => throw new ArgumentException(
        "What to measure: matmul, elementwise, convolution, search, search-digits, slow-worker or control-plane; --json prints one object a line."),
};
if (!json) Console.WriteLine($"one core, vectors of {Widest.Bits} bits");
foreach (KernelRate rate in rates)
{
    Console.WriteLine(json
        ? JsonSerializer.Serialize(rate)
        : string.Create(
            CultureInfo.InvariantCulture, $"{rate.Kernel,-22} {rate.Shape,-26} {rate.Rate,7:F1} of {rate.Ceiling,6:F1} {rate.Unit}  {rate.Ratio:F3}"));
}
