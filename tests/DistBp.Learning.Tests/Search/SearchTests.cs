using DistBp.Learning.Search;

namespace DistBp.Learning.Tests.Search;

public sealed class SearchTests
{
    private const int Seeds = 20, Lag = 4;

    private static readonly SearchParameter[] s_space =
    [
        new RealParameter(1e-4, 0.1, true), new RealParameter(-2, 3, false), new WholeParameter(1, 9, true), new WholeParameter(-3, 3, false),
        new ChoiceParameter(3),
    ];

    public static TheoryData<string> Functions => [.. TestFunction.All.Select(f => f.Name)];

    [Theory]
    [MemberData(nameof(Functions))]
    public void Bayesian_search_beats_random_search_at_equal_trials(string name)
    {
        TestFunction function = TestFunction.All.Single(f => f.Name == name);
        const int trials = 60;
        double[] random = [.. Enumerable.Range(0, Seeds).Select(s => function.LeastCost(new RandomSearch(function.Space, s), trials, Lag))];
        double[] bayesian = [.. Enumerable.Range(0, Seeds).Select(s => function.LeastCost(new ParzenSearch(function.Space, s), trials, Lag))];
        Assert.True(bayesian.Average() < 0.6 * random.Average(), $"mean {bayesian.Average()}, random {random.Average()}");
        int better = Enumerable.Range(0, Seeds).Count(s => bayesian[s] < random[s]);
        Assert.True(better >= 15, $"better for {better} of {Seeds} seeds");
    }

    [Fact]
    public void A_suggestion_follows_from_the_trial_number_and_the_past_alone()
    {
        double[][] past = [.. Enumerable.Range(0, 20).Select(t => new RandomSearch(s_space, 7).Suggest(t, [], []))];
        var search = new ParzenSearch(s_space, 5);
        double[] first = search.Suggest(30, past[..17], past[17..]);
        search.Suggest(31, past, []);
        Assert.Equal(first, search.Suggest(30, past[..17], past[17..]));
        Assert.Equal(first, new ParzenSearch(s_space, 5).Suggest(30, past[..17], past[17..]));
        Assert.NotEqual(first, new ParzenSearch(s_space, 6).Suggest(30, past[..17], past[17..]));
        Assert.NotEqual(first, search.Suggest(31, past[..17], past[17..]));
    }

    [Fact]
    public void Every_suggestion_lies_in_the_space()
    {
        var points = new List<double[]>();
        for (int trial = 0; trial < 120; trial++) points.Add(new ParzenSearch(s_space, 3).Suggest(trial, points, [])!);
        foreach (double[] point in points)
        {
            Assert.InRange(point[0], 1e-4, 0.1);
            Assert.InRange(point[1], -2, 3);
            Assert.Contains(point[2], Enumerable.Range(1, 9).Select(v => (double)v));
            Assert.Contains(point[3], Enumerable.Range(-3, 7).Select(v => (double)v));
            Assert.Contains(point[4], (double[])[0, 1, 2]);
        }
        Assert.Equal(3, points.Select(p => p[4]).Distinct().Count());
    }

    [Fact]
    public void Random_search_covers_each_parameter_evenly()
    {
        double[][] points = [.. Enumerable.Range(0, 3000).Select(t => new RandomSearch(s_space, 1).Suggest(t, [], []))];
        Assert.InRange(points.Count(p => p[0] < 1e-3), 900, 1100);
        Assert.InRange(points.Count(p => p[1] < 0.5), 1400, 1600);
        Assert.All(Enumerable.Range(-3, 7), v => Assert.InRange(points.Count(p => p[3] == v), 350, 510));
        Assert.All(Enumerable.Range(0, 3), c => Assert.InRange(points.Count(p => p[4] == c), 900, 1100));
    }

    [Fact]
    public void A_grid_has_every_combination_once()
    {
        var grid = new GridSearch(s_space, [3, 2, 3, 9, 1], 1);
        Assert.Equal(3 * 2 * 3 * 7 * 3, grid.Count);
        string[] points = [.. Enumerable.Range(0, grid.Count).Select(t => string.Join(' ', grid.Suggest(t, [], [])!))];
        Assert.Equal(points.Length, points.Distinct().Count());
        Assert.Null(grid.Suggest(grid.Count, [], []));
        Assert.Equal([1e-4, 0.00316228, 0.1], points.Select(p => double.Parse(p.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).Distinct().Order());
        Assert.Equal(["1", "3", "9"], points.Select(p => p.Split(' ')[2]).Distinct().Order());
    }

    [Fact]
    public void A_small_space_is_tried_as_a_whole_before_anything_is_tried_again()
    {
        SearchParameter[] space = [new ChoiceParameter(4), new WholeParameter(1, 3, false)];
        // Twelve points; the random ones at the beginning may meet.
        var points = new List<double[]>();
        for (int trial = 0; trial < 40; trial++) points.Add(new ParzenSearch(space, 2).Suggest(trial, points, [])!);
        Assert.Equal(12, points.Take(30).Select(p => (p[0], p[1])).Distinct().Count());
    }

    [Fact]
    public void Trials_at_the_same_time_spread()
    {
        SearchParameter[] space = [new RealParameter(0, 1, false)];
        double[][] past = [.. Enumerable.Range(0, 20).Select(i => new[] { Math.Abs(0.5 - (i / 40.0)) })];
        var pending = new List<double[]>();
        for (int i = 0; i < 6; i++) pending.Add(new ParzenSearch(space, 1).Suggest(20 + i, past, pending)!);
        Assert.Equal(6, pending.Select(p => p[0]).Distinct().Count());
    }

    [Fact]
    public void A_value_is_at_its_own_position()
    {
        foreach (SearchParameter parameter in s_space)
        {
            foreach (double position in (double[])[0, 0.1, 0.5, 0.77, 1])
            {
                double value = parameter.At(position);
                Assert.Equal(value, parameter.At(parameter.PositionOf(value)), 1e-6 * Math.Abs(value));
                Assert.InRange(parameter.PositionOf(value), 0, 1);
            }
        }
    }

    [Fact]
    public void A_density_is_one_in_all()
    {
        SearchParameter[] space = [new RealParameter(0, 1, false), new ChoiceParameter(3)];
        var density = new ParzenEstimator(space, [[0.02, 0], [0.5, 2], [0.55, 2]]);
        const int steps = 2000;
        double sum = 0;
        for (int i = 0; i < steps; i++)
            for (int c = 0; c < 3; c++) sum += Math.Exp(density.LogDensity([(i + 0.5) / steps, c])) / steps;
        Assert.Equal(1, sum, 1e-5);
        Assert.True(density.LogDensity([0.52, 2]) > density.LogDensity([0.52, 1]));
    }

    [Theory]
    [InlineData(0, 0.5)]
    [InlineData(1, 0.8413447460685429)]
    [InlineData(-2.5, 0.006209665325776132)]
    public void The_normal_distribution_function_is_the_known_one(double x, double probability) => Assert.Equal(probability, Normal.Cumulative(x), 1e-7);
}
