using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Tuning;

namespace DistBp.Cluster.Tests.Tuning;

public sealed class CrossValidationTests
{
    [Fact]
    public async Task Each_fold_is_evaluated_by_the_run_that_has_not_seen_it()
    {
        using var folder = new TemporaryFolder();
        var told = new List<int>();
        IReadOnlyList<FoldReport> folds = await CrossValidation.RunAsync(
            SmallJobs.Of(SmallJobs.Adam), 4, 2, folder["folds"], f => told.Add(f.Fold), CancellationToken.None);
        Assert.Equal([1, 2, 3, 4], told);
        // 1,797 digits without the fifth for testing; the validation part is among the folds.
        Assert.Equal(1438, folds.Sum(f => f.Evaluation.Samples));
        Assert.All(folds, f => Assert.Equal(f.Training.ValidationLoss!.Value, f.Evaluation.Values.Loss, 1e-12));
        Assert.All(folds, f => Assert.Equal(f.Training.ValidationAccuracy, f.Evaluation.Values.Accuracy));
        Assert.Equal(4, folds.Select(f => f.Training.WeightsSha256).Distinct().Count());
        Assert.Equal(4, Directory.GetDirectories(folder["folds"]).Length);

        IReadOnlyList<FoldReport> again = await CrossValidation.RunAsync(SmallJobs.Of(SmallJobs.Adam), 4, 1, null, _ => { }, CancellationToken.None);
        Assert.Equal(folds.Select(f => f.Training.WeightsSha256), again.Select(f => f.Training.WeightsSha256));
    }

    [Fact]
    public async Task Cross_validation_that_is_stopped_has_the_folds_that_are_over()
    {
        using var stop = new CancellationTokenSource();
        IReadOnlyList<FoldReport> folds = await CrossValidation.RunAsync(SmallJobs.Of(SmallJobs.Adam), 5, 1, null, _ => stop.Cancel(), stop.Token);
        Assert.Single(folds);
    }

    [Fact]
    public void The_spread_is_the_standard_deviation_of_a_sample()
    {
        Assert.Equal(Math.Sqrt(2.5), Spread.Of([1, 2, 3, 4, 5]), 1e-15);
        Assert.Equal(0, Spread.Of([7]));
    }
}
