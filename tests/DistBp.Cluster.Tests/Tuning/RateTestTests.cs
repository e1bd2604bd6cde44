using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Tuning;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Tuning;

public sealed class RateTestTests
{
    [Fact]
    public async Task The_curve_is_the_same_whatever_the_workers()
    {
        RateTestReport one = await RunAsync(SmallJobs.Adam, workers: 1), three = await RunAsync(SmallJobs.Adam, workers: 3);
        Assert.Equal(one.Curve, three.Curve);
        Assert.Equal(one.Suggestion, three.Suggestion);
        Assert.NotNull(one.DivergedAt);
        Assert.InRange(one.Suggestion.Rate!.Value, 1e-4, 2e-2);
        Assert.Equal(1e-7, one.Curve[0].Rate, 1e-20);
    }

    [Fact]
    public async Task The_suggestion_trains_well()
    {
        RateTestReport report = await RunAsync("optimizer: {sgd: {rate: 1}}", workers: 1);
        using var run = new TestRun();
        var result = await run.TrainAsync(SmallJobs.Of("optimizer: {sgd: {rate: 1}}", FormattableString.Invariant($"optimizer.sgd.rate={report.Suggestion.Rate}"), "epochs=20"));
        Assert.InRange(result.ValidationAccuracy!.Value, 0.9, 1);
    }

    [Fact]
    public async Task Rates_that_do_no_harm_end_with_the_last_one()
    {
        RateTestReport report = await RateTest.RunAsync(SmallJobs.Of(SmallJobs.Adam), 1e-6, 1e-3, 50, 1, [], CancellationToken.None);
        Assert.Null(report.DivergedAt);
        Assert.Equal(50, report.Curve.Count);
        Assert.Equal(1e-3, report.Curve[^1].Rate, 1e-12);
    }

    [Fact]
    public async Task A_gradient_that_is_no_number_ends_the_curve_and_is_no_error()
    {
        RateTestReport report = await RateTest.RunAsync(
            SmallJobs.Of("optimizer: {sgd: {rate: 1}}", "clip={globalNorm: null}"), 1e-3, 1e30, 40, 1, [], CancellationToken.None);
        Assert.NotNull(report.DivergedAt);
        Assert.InRange(report.Curve.Count, 3, 39);
        Assert.All(report.Curve, p => Assert.True(double.IsFinite(p.Smoothed)));
    }

    [Fact]
    public async Task Nothing_is_left_behind()
    {
        string[] Folders() => Directory.GetDirectories(Path.GetTempPath(), "distbp-find-rate-*");
        int before = Folders().Length;
        RateTestReport report = await RunAsync(SmallJobs.Adam, workers: 2);
        Assert.False(Directory.Exists(report.Started.Folder));
        Assert.True(Folders().Length <= before + 1);
    }

    [Fact]
    public async Task A_batch_larger_than_the_data_is_told()
    {
        var wrong = await Assert.ThrowsAsync<UserException>(() => RateTest.RunAsync(
            SmallJobs.Of(SmallJobs.Adam, "batch=5000"), 1e-7, 10, 0, 1, [], CancellationToken.None));
        Assert.Equal("batch", wrong.Problems[0].Where);
    }

    private static Task<RateTestReport> RunAsync(string settings, int workers) =>
        RateTest.RunAsync(SmallJobs.Of(settings), 1e-7, 10, 0, workers, [], CancellationToken.None);
}
