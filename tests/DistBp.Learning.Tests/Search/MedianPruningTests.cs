using DistBp.Learning.Search;

namespace DistBp.Learning.Tests.Search;

public sealed class MedianPruningTests
{
    private static readonly MedianPruning s_rule = new(LeastTrials: 3, LeastEpochs: 2);
    private static readonly double[][] s_earlier = [[5, 4, 3], [5, 3, 2], [5, 2, 1], [9, 9]];

    [Theory]
    [InlineData(false, new double[] { 9 })]
    [InlineData(true, new double[] { 9, 3.6 })]
    [InlineData(false, new double[] { 9, 3.5 })]
    [InlineData(false, new double[] { 1, 1 })]
    [InlineData(true, new double[] { 9, 3, 2.1 })]
    [InlineData(false, new double[] { 9, 9, 9, 9 })]
    [InlineData(true, new double[] { 9, double.NaN })]
    [InlineData(true, new double[] { 9, double.PositiveInfinity })]
    public void A_trial_ends_where_it_is_worse_than_the_median_of_those_that_got_as_far(bool ends, double[] costs) =>
        Assert.Equal(ends, s_rule.Decide(costs, s_earlier).Prune);

    [Fact]
    public void Nobody_is_judged_by_few() => Assert.False(s_rule.Decide([9, 9], s_earlier[..2]).Prune);

    [Fact]
    public void The_median_is_told() => Assert.Equal(3.5, s_rule.Decide([9, 3.6], s_earlier).Median);
}
