namespace DistBp.Learning.Search;

/// <summary>
/// Says which point a trial tries. Pure: the same trial number and the same past give the same point.
/// </summary>
public interface ISearch
{
    /// <param name="trial">From 0.</param>
    /// <param name="bestFirst">Points of trials that are over, the best first: the order alone counts.</param>
    /// <param name="pending">Points of trials whose outcome is not known yet.</param>
    /// <returns>A value for each parameter; null: the search has no further point.</returns>
    double[]? Suggest(int trial, IReadOnlyList<double[]> bestFirst, IReadOnlyList<double[]> pending);
}
