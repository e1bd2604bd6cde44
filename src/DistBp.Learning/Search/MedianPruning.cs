namespace DistBp.Learning.Search;

/// <summary>
/// Ends trials that are worse than half of those before them (the median stopping rule of Golovin et al., "Google Vizier", KDD 2017): at an
/// epoch's end, a trial whose best cost so far is above the median of what the earlier ones had reached by then.
/// </summary>
/// <param name="LeastTrials">Earlier trials that got as far: below, there is no median worth the name.</param>
/// <param name="LeastEpochs">Epochs before any trial is judged.</param>
public sealed record MedianPruning(int LeastTrials, int LeastEpochs)
{
    /// <param name="costs">Best cost so far at the end of each epoch of the trial.</param>
    /// <param name="earlier">Likewise of earlier trials, which may have fewer epochs or more.</param>
    /// <returns>Whether it ends, and the median of those that got as far (NaN where none is asked).</returns>
    public (bool Prune, double Median) Decide(IReadOnlyList<double> costs, IReadOnlyList<IReadOnlyList<double>> earlier)
    {
        int epochs = costs.Count;
        if (epochs < LeastEpochs) return (false, double.NaN);
        double[] reached = [.. earlier.Where(e => e.Count >= epochs).Select(e => e[epochs - 1]).Order()];
        if (reached.Length < LeastTrials) return (false, double.NaN);
        double median = (reached[(reached.Length - 1) / 2] + reached[reached.Length / 2]) / 2;
        // A cost that is not a number is above any median.
        return (!(costs[^1] <= median), median);
    }
}
