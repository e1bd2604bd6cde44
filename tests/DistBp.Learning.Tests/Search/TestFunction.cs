using DistBp.Learning.Search;

namespace DistBp.Learning.Tests.Search;

/// <summary>A function whose least value is known, to measure searches on.</summary>
/// <param name="Cost">What is wanted: 0 at the best point.</param>
internal sealed record TestFunction(string Name, IReadOnlyList<SearchParameter> Space, Func<double[], double> Cost)
{
    private static readonly double[][] s_a =
    [
        [10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14],
    ];

    private static readonly double[][] s_p =
    [
        [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886], [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
        [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.6650], [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
    ];

    private static readonly double[] s_alpha = [1, 1.2, 3, 3.2];

    /// <summary>Two parameters, three equal minima (Branin 1972).</summary>
    public static TestFunction Branin { get; } = new(
        "Branin", [new RealParameter(-5, 10, false), new RealParameter(0, 15, false)],
        x =>
        {
            double bend = x[1] - (5.1 / (4 * Math.PI * Math.PI) * x[0] * x[0]) + (5 / Math.PI * x[0]) - 6;
            return (bend * bend) + (10 * (1 - (1 / (8 * Math.PI))) * Math.Cos(x[0])) + 10 - 0.39788735772973816;
        });

    /// <summary>Six parameters, six local minima (Hartmann 1973).</summary>
    public static TestFunction Hartmann { get; } = new(
        "Hartmann 6", [.. Enumerable.Range(0, 6).Select(_ => new RealParameter(0, 1, false))],
        x => 3.32236801141551 - Enumerable.Range(0, 4).Sum(
            i => s_alpha[i] * Math.Exp(-Enumerable.Range(0, 6).Sum(j => s_a[i][j] * (x[j] - s_p[i][j]) * (x[j] - s_p[i][j])))));

    /// <summary>What a job looks like to a search: a rate, a size, a share, a kind on which the best rate depends, and one that does not matter.</summary>
    public static TestFunction Mixed { get; } = new(
        "mixed",
        [
            new RealParameter(1e-5, 1, true), new WholeParameter(8, 512, true), new RealParameter(0, 0.9, false), new ChoiceParameter(4),
            new WholeParameter(1, 5, false),
        ],
        x =>
        {
            double rate = Math.Log10(x[0]) - (x[3] == 2 ? -2.5 : -1), size = Math.Log2(x[1]) - 7, share = x[2] - 0.3;
            return (rate * rate) + (0.2 * size * size) + (3 * share * share) + (x[3] == 2 ? 0 : 0.5 + (0.2 * x[3]));
        });

    public static IReadOnlyList<TestFunction> All => [Branin, Hartmann, Mixed];

    /// <summary>The least cost that a search finds, when trial t knows of the trials up to t − <paramref name="lag"/>.</summary>
    public double LeastCost(ISearch search, int trials, int lag)
    {
        var points = new List<double[]>();
        var costs = new List<double>();
        for (int trial = 0; trial < trials; trial++)
        {
            int known = Math.Max(0, trial - lag + 1);
            double[][] bestFirst = [.. Enumerable.Range(0, known).OrderBy(i => costs[i]).Select(i => points[i])];
            points.Add(search.Suggest(trial, bestFirst, points[known..])!);
            costs.Add(Cost(points[^1]));
        }
        return costs.Min();
    }
}
