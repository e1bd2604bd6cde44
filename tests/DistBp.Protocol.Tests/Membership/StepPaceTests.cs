using DistBp.Protocol.Membership;

namespace DistBp.Protocol.Tests.Membership;

public sealed class StepPaceTests
{
    [Theory]
    [InlineData(new double[0], new bool[0])]
    [InlineData(new double[] { 100 }, new[] { false })]
    [InlineData(new double[] { 100, 149 }, new[] { false, false })]
    [InlineData(new double[] { 500, 100 }, new[] { true, false })]
    [InlineData(new double[] { 100, 110, 90, 500 }, new[] { false, false, false, true })]
    [InlineData(new double[] { 0, 0, 0 }, new[] { false, false, false })]
    public void Who_takes_half_as_long_again_as_the_median_is_slow(double[] milliseconds, bool[] slow) =>
        Assert.Equal(slow, StepPace.Judge([.. milliseconds.Select(m => TimeSpan.FromMilliseconds(m))]).Select(reason => reason.Length > 0));

    [Fact]
    public void The_reason_has_both_times() => Assert.Equal(
        "its last step took 500.0 ms, the median is 100.0 ms", StepPace.Judge([TimeSpan.FromMilliseconds(500), TimeSpan.FromMilliseconds(100)])[0]);
}
