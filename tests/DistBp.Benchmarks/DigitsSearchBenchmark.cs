using System.Globalization;
using DistBp.Cluster.Tuning;

namespace DistBp.Benchmarks;

/// <summary>
/// Bayesian against random search on the handwritten digits: the least validation loss of equally many trials, seed by seed. The data, their
/// split and the initial weights are the same in all trials; the seed is the search's.
/// </summary>
internal static class DigitsSearchBenchmark
{
    private const string Space = """
        optimizer.adam.rate: {log: [1e-5, 1]}
        batch: {choice: [32, 64, 128, 256]}
        model.layers.0.dense: {int: [8, 256], log: true}
        model.layers.1: {choice: [relu, tanh, sigmoid, gelu]}
        model.layers.2.dense: {int: [8, 128], log: true}
        regularization.l2: {log: [1e-6, 1e-1]}
        """;

    private static readonly string[] s_settings = ["data.validation=0.2", "epochs=6"];

    public static async Task RunAsync(int seeds, int trials)
    {
        Console.WriteLine($"digits, {string.Join(", ", s_settings)}: least validation loss after {trials} trials");
        Console.WriteLine("| seed | random | Bayesian |\n|---|---|---|");
        var random = new List<double>();
        var bayesian = new List<double>();
        for (int seed = 1; seed <= seeds; seed++)
        {
            random.Add(await LeastLossAsync(SearchKind.Random, seed, trials));
            bayesian.Add(await LeastLossAsync(SearchKind.Bayesian, seed, trials));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| {seed} | {random[^1]:F4} | {bayesian[^1]:F4} |"));
        }
        int better = Enumerable.Range(0, seeds).Count(i => bayesian[i] < random[i]);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| mean | {random.Average():F4} | {bayesian.Average():F4} |"));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| median | {Median(random):F4} | {Median(bayesian):F4} |"));
        Console.WriteLine($"Bayesian better: {better} of {seeds}");
    }

    private static async Task<double> LeastLossAsync(SearchKind search, int seed, int trials)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("distbp-search-");
        try
        {
            string space = Path.Combine(folder.FullName, "space.yaml");
            await File.WriteAllTextAsync(space, Space);
            var options = new TuningOptions(null, s_settings, space, search, "validationLoss")
            {
                Trials = trials, Seed = seed, Prunes = false, Parallel = Environment.ProcessorCount, Workers = 1, OutFolder = Path.Combine(folder.FullName, "out"),
            };
            TuningReport report = await TuningSession.RunAsync(options, new Silent(), CancellationToken.None);
            return report.Best!.Value!.Value;
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    private static double Median(List<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private sealed class Silent : ITuningObserver
    {
        public void OnStarted(string job, string folder, int planned, int parallel, int earlier)
        {
        }

        public void OnTrial(TrialOutcome trial, TrialOutcome? best)
        {
        }
    }
}
