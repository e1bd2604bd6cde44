namespace DistBp.Learning.Search;

/// <summary>
/// Bayesian search with a tree-structured Parzen estimator (Bergstra, Bardenet, Bengio, Kégl: "Algorithms for Hyper-Parameter Optimization",
/// NIPS 2011): the best of the points so far make one density, all others a second one, and the next point is the candidate, drawn from the
/// first, for which their ratio is greatest: there the expected improvement is. The densities are joint over the parameters. Points whose
/// outcome is not known count among the others, so that trials at the same time spread. The first trials are those of a random search.
/// </summary>
public sealed class ParzenSearch(IReadOnlyList<SearchParameter> space, int seed) : ISearch
{
    /// <summary>Below so many outcomes, the estimate would be worse than chance.</summary>
    public const int RandomTrials = 8;

    private const int Candidates = 48;
    private const double BestShare = 0.15;
    private const int MostBest = 25;

    private readonly RandomSearch _random = new(space, seed);

    public double[] Suggest(int trial, IReadOnlyList<double[]> bestFirst, IReadOnlyList<double[]> pending)
    {
        if (bestFirst.Count < RandomTrials) return _random.Suggest(trial, bestFirst, pending);
        int best = Math.Clamp((int)Math.Ceiling(BestShare * bestFirst.Count), 2, MostBest);
        var good = new ParzenEstimator(space, bestFirst.Take(best));
        var others = new ParzenEstimator(space, bestFirst.Skip(best).Concat(pending));
        var draws = new SearchDraws(seed, trial);
        double[][] candidates = [.. Enumerable.Range(0, Candidates).Select(_ => good.Draw(draws))];
        // A point tried again tells nothing new; where all have been tried, the space is done.
        double[][] untried = [.. candidates.Where(c => !bestFirst.Concat(pending).Any(p => p.AsSpan().SequenceEqual(c)))];
        return (untried.Length > 0 ? untried : candidates).MaxBy(c => good.LogDensity(c) - others.LogDensity(c))!;
    }
}
