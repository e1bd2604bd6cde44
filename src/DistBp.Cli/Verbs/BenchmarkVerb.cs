using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Benchmarks;
using DistBp.Learning.Benchmarks;

namespace DistBp.Cli.Verbs;

/// <summary>distbp benchmark: how fast this machine trains, and how near that is to what it can.</summary>
internal static class BenchmarkVerb
{
    private const string All = "all";

    private static readonly string[] Parts = ["matmul", "convolution", "elementwise", "barrier", "wire", "step", All];

    private static readonly Argument<string> Part = new("PART")
    {
        Description = $"{string.Join(", ", Parts)}.",
        DefaultValueFactory = _ => All,
        HelpName = "PART",
    };

    private static readonly Option<bool> Json = Flags.Switch("--json", "Write one JSON document instead of tables.");

    public static Command Create()
    {
        Part.CompletionSources.Add(Parts);
        Part.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && !Parts.Contains(result.Tokens[0].Value))
                result.AddError($"PART takes {string.Join(" or ", Parts)}, not \"{result.Tokens[0].Value}\"");
        });
        var verb = new Command("benchmark", "Measures kernels and training steps on this machine, beside its limits.") { Part, Json };
        verb.SetAction((parsed, _) => RunAsync(parsed.GetRequiredValue(Part), parsed.GetValue(Json)));
        HelpPage.AddExamples(verb, """
            distbp benchmark
            distbp benchmark step
            distbp benchmark all --json > benchmark.json
            """);
        return verb;
    }

    private static async Task<int> RunAsync(string part, bool json)
    {
        bool all = part == All;
        // One after the other: each has the machine for itself.
        var report = new BenchmarkReport(MachineDescription.Measure());
        if (all || part == "matmul") report = report with { Products = [.. ProductBenchmark.Run()] };
        if (all || part == "convolution") report = report with { Convolutions = [.. ConvolutionBenchmark.Run()] };
        if (all || part == "elementwise") report = report with { Elementwise = [.. ElementwiseBenchmark.Run()] };
        if (all || part == "barrier") report = report with { Barriers = [.. BarrierBenchmark.Run()] };
        if (all || part == "wire") report = report with { Wire = await WireBenchmark.RunAsync().ToListAsync().ConfigureAwait(false) };
        if (all || part == "wire") report = report with { WireDelay = await WireBenchmark.MeasureDelayAsync().ConfigureAwait(false) };
        if (all || part == "step") report = report with { Steps = await StepBenchmark.RunAsync().ToListAsync().ConfigureAwait(false) };
        if (json) await Console.Out.WriteLineAsync(report.ToJson()).ConfigureAwait(false);
        else BenchmarkText.Write(report, Console.Out);
        return 0;
    }
}
