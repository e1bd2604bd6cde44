using DistBp.Learning.Search;

namespace DistBp.Learning.Tests.Search;

public sealed class RateCurveTests
{
    [Fact]
    public void The_suggestion_is_where_the_loss_falls_fastest_while_that_is_far_below_the_minimum()
    {
        // Falls about 1e-3 over a decade, has its minimum near 0.1, and rises.
        RateSuggestion suggestion = Suggest(log => 2.5 - (2 / (1 + Math.Exp(-4 * (log + 3)))) - (0.1 * log) + Math.Exp(6 * (log + 0.6)));
        Assert.Equal("steepest descent", suggestion.Rule);
        Assert.InRange(suggestion.Rate!.Value, 0.6e-3, 1.7e-3);
        Assert.InRange(suggestion.AtMinimum!.Value, 0.03, 0.3);
    }

    [Fact]
    public void The_suggestion_is_a_tenth_of_the_rate_at_the_minimum_where_the_descent_ends_in_a_cliff()
    {
        RateSuggestion suggestion = Suggest(log => log < -1.5 ? 2.5 - (2 / (1 + Math.Exp(-6 * (log + 2)))) : 0.5 + (4 * (log + 1.5)));
        Assert.Equal("a tenth of the rate at the minimum", suggestion.Rule);
        Assert.Equal(suggestion.AtMinimum!.Value / 10, suggestion.Rate!.Value, 1e-12);
        Assert.True(suggestion.Rate < suggestion.Steepest);
    }

    [Fact]
    public void Noise_about_a_flat_loss_suggests_nothing()
    {
        var random = new Random(4);
        Assert.Null(Suggest(_ => 2.3 + (0.05 * (random.NextDouble() - 0.5))).Rate);
        Assert.Null(RateCurve.Suggest([]).Rate);
        Assert.Null(Suggest(log => 2 + Math.Exp(log)).Rate);
    }

    [Fact]
    public void Smoothing_takes_noise_away_and_does_not_lag()
    {
        var random = new Random(5);
        IReadOnlyList<RatePoint> curve = RateCurve.Smooth([.. Enumerable.Range(0, 200).Select(i => (1.0 + i, i + (20 * (random.NextDouble() - 0.5))))]);
        Assert.All(curve.Skip(15).SkipLast(15).Select((p, i) => (p, i: i + 15)), at => Assert.Equal(at.i, at.p.Smoothed, 7.0));
        Assert.Equal(0, curve.Skip(15).SkipLast(15).Select((p, i) => p.Smoothed - i - 15).Average(), 1.0);
    }

    [Theory]
    [InlineData(false, 2.3, 2.3)]
    [InlineData(true, 2.3, 12)]
    [InlineData(false, 0.3, 2.0)]
    [InlineData(true, 0.3, 9)]
    [InlineData(true, 2.3, double.NaN)]
    [InlineData(true, 0.3, double.PositiveInfinity)]
    public void The_loss_has_flown_off_where_it_is_far_above_its_least_and_above_its_beginning(bool diverged, double least, double last)
    {
        IEnumerable<double> losses = Enumerable.Repeat(2.5, 15).Concat(Enumerable.Repeat(least, 30));
        Assert.False(RateCurve.HasDiverged([.. losses]));
        Assert.Equal(diverged, RateCurve.HasDiverged([.. losses, .. Enumerable.Repeat(last, 12)]));
    }

    private static RateSuggestion Suggest(Func<double, double> lossOfLog10) => RateCurve.Suggest(RateCurve.Smooth(
        [.. Enumerable.Range(0, 200).Select(i => -6 + (i * 6 / 199.0)).Select(log => (Math.Pow(10, log), lossOfLog10(log)))]));
}
