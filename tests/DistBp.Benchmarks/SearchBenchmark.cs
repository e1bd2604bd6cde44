using System.Globalization;
using DistBp.Learning.Search;
using DistBp.Learning.Tests.Search;

namespace DistBp.Benchmarks;

/// <summary>Bayesian against random search on functions whose least value is known: the least cost over a number of seeds.</summary>
internal static class SearchBenchmark
{
    public static void Run(int seeds, int trials, int lag)
    {
        Console.WriteLine($"least cost after {trials} trials, {seeds} seeds, a trial knows those up to {lag} before it");
        Console.WriteLine("| function | random: median (mean) | Bayesian: median (mean) | Bayesian better |\n|---|---|---|---|");
        foreach (TestFunction function in TestFunction.All)
        {
            double[] random = [.. Enumerable.Range(0, seeds).Select(s => function.LeastCost(new RandomSearch(function.Space, s), trials, lag))];
            double[] bayesian = [.. Enumerable.Range(0, seeds).Select(s => function.LeastCost(new ParzenSearch(function.Space, s), trials, lag))];
            int better = Enumerable.Range(0, seeds).Count(s => bayesian[s] < random[s]);
            Console.WriteLine($"| {function.Name} | {Text(random)} | {Text(bayesian)} | {better} of {seeds} |");
        }
    }

    private static string Text(double[] costs)
    {
        double[] sorted = [.. costs.Order()];
        double median = (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
        return string.Create(CultureInfo.InvariantCulture, $"{median:F3} ({costs.Average():F3})");
    }
}
