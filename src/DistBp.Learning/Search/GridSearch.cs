using DistBp.Learning.Data;
using DistBp.Learning.Initialization;

namespace DistBp.Learning.Search;

/// <summary>
/// Every combination of evenly spaced values. They come in an order that is drawn from the seed, so that the trials of a search that ends
/// before the grid does are spread over it.
/// </summary>
public sealed class GridSearch : ISearch
{
    private readonly IReadOnlyList<double>[] _values;
    private readonly int[] _order;

    /// <param name="points">Most values of each parameter; a choice has all of its own.</param>
    /// <exception cref="OverflowException">More than 2^31 combinations.</exception>
    public GridSearch(IReadOnlyList<SearchParameter> space, IReadOnlyList<int> points, int seed)
    {
        _values = [.. space.Select((parameter, i) => parameter.Grid(points[i]))];
        _order = new int[CountOf(_values)];
        RandomPermutation.Fill(_order, Philox.Key(seed, RandomPurpose.Search), 0);
    }

    public int Count => _order.Length;

    public double[]? Suggest(int trial, IReadOnlyList<double[]> bestFirst, IReadOnlyList<double[]> pending)
    {
        if (trial >= _order.Length) return null;
        var point = new double[_values.Length];
        int rest = _order[trial];
        for (int i = point.Length - 1; i >= 0; i--)
        {
            point[i] = _values[i][rest % _values[i].Count];
            rest /= _values[i].Count;
        }
        return point;
    }

    private static int CountOf(IReadOnlyList<double>[] values) => values.Aggregate(1, (count, of) => checked(count * of.Count));
}
