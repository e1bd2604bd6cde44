using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Runs;
using DistBp.Cluster.Tuning;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Tuning;

public sealed class TuningSessionTests : IDisposable
{
    private const int Trials = 14;
    private readonly TuningProbe _probe = new();

    public void Dispose() => _probe.Dispose();

    [Fact]
    public async Task Trials_at_the_same_time_change_no_trial()
    {
        TuningReport one = await _probe.RunAsync(o => o with { Trials = Trials });
        foreach (int parallel in (int[])[2, 4])
        {
            using var other = new TuningProbe();
            TuningReport many = await other.RunAsync(o => o with { Trials = Trials, Parallel = parallel, Workers = parallel });
            Assert.Equal(TuningProbe.Essence(one.Trials), TuningProbe.Essence(many.Trials));
            Assert.Equal(Enumerable.Range(1, Trials), other.Told.Select(t => t.Trial));
        }
        Assert.Contains(one.Trials, t => t.Status == TrialStatus.Pruned);
    }

    [Fact]
    public async Task An_interrupted_search_goes_on_to_the_same_end_although_its_last_line_is_torn()
    {
        using var whole = new TuningProbe();
        TuningReport expected = await whole.RunAsync(o => o with { Trials = Trials });

        _probe.StopAtTrial = 9;
        TuningReport piece = await _probe.RunAsync(o => o with { Trials = Trials, Parallel = 3 });
        Assert.True(piece.Interrupted);
        Assert.InRange(piece.Trials.Count, 9, 12);
        await File.AppendAllTextAsync(_probe.Ledger, "{\"trial\":13,\"settin");
        TuningReport end = await ResumeAsync(_probe.Out, Trials);
        Assert.Equal(TuningProbe.Essence(expected.Trials), TuningProbe.Essence(end.Trials));
        Assert.False(end.Interrupted);
    }

    [Theory]
    [InlineData("\0\0\0\0\n")]
    [InlineData("{\"trial\": 4}\n")]
    [InlineData("{\"tri")]
    public async Task A_damaged_last_line_is_dropped_and_its_trial_made_again(string line)
    {
        TuningReport before = await _probe.RunAsync(o => o with { Trials = 3 });
        await File.AppendAllTextAsync(_probe.Ledger, line);
        TuningReport after = await ResumeAsync(_probe.Out, 4);
        Assert.Equal(TuningProbe.Essence(before.Trials), TuningProbe.Essence(after.Trials.Take(3)));
        Assert.Equal(5, (await File.ReadAllLinesAsync(_probe.Ledger)).Length);
    }

    [Fact]
    public async Task A_line_that_is_damaged_elsewhere_is_told()
    {
        await _probe.RunAsync(o => o with { Trials = 3 });
        string[] lines = await File.ReadAllLinesAsync(_probe.Ledger);
        await File.WriteAllLinesAsync(_probe.Ledger, [lines[0], "{", lines[2]]);
        var wrong = await Assert.ThrowsAsync<UserException>(() => ResumeAsync(_probe.Out, 4));
        Assert.Equal(ErrorKind.Checkpoint, wrong.Kind);
        Assert.EndsWith("trials.jsonl:2", wrong.Problems[0].Where, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_search_does_not_go_on_in_the_same_folder()
    {
        await _probe.RunAsync(o => o with { Trials = 1 });
        var wrong = await Assert.ThrowsAsync<UserException>(() => _probe.RunAsync(
            o => o with { Trials = 2, Seed = 9, Folds = 2 }, "batch: {choice: [64]}", "epochs=5"));
        Assert.Equal(4, wrong.Problems.Count);
        Assert.Contains(wrong.Problems, p => p.What.Contains("--seed (1, now 9)", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_best_run_is_kept_alone_and_its_job_trains_it_again()
    {
        TuningReport report = await _probe.RunAsync(o => o with { Trials = 6, Search = SearchKind.Random, Prunes = false });
        TrialOutcome best = report.Trials.MinBy(t => t.Value)!;
        Assert.Equal(best, report.Best);
        Assert.Equal([report.BestFolder!], Directory.GetDirectories(report.Folder));
        Assert.Equal(best.WeightsSha256, RunResult.Load(new RunPaths(report.BestFolder!).Result).WeightsSha256);
        Assert.Equal(best.Value, RunResult.Load(new RunPaths(report.BestFolder!).Result).ValidationLoss);
        Assert.NotEmpty(SavedRun.Open(report.BestFolder!).Network.Parameters.Views);
        using var again = new TestRun();
        RunResult result = await again.TrainAsync(JobFile.Read(Path.Combine(report.Folder, "best-job.yaml"), []), workers: 2);
        Assert.Equal(best.WeightsSha256, result.WeightsSha256);
    }

    [Fact]
    public async Task Settings_that_make_no_job_together_and_losses_that_are_no_numbers_fail_their_trials_alone()
    {
        const string space = """
            batch: {choice: [64, 1000]}
            optimizer.sgd.rate: {choice: [0.1, 1e30]}
            slices: {choice: [2, 65]}
            """;
        TuningReport report = await _probe.RunAsync(o => o with { Search = SearchKind.Grid, Prunes = false }, space, "data.test=0.5");
        Assert.Equal(8, report.Trials.Count);
        Assert.All(report.Trials, t => Assert.Equal(
            t.Settings["batch"] == "1000" || t.Settings["slices"] == "65" ? TrialStatus.Failed
                : t.Settings["optimizer.sgd.rate"] == "0.1" ? TrialStatus.Completed : TrialStatus.Diverged,
            t.Status));
        Assert.All(report.Trials, t => Assert.Equal(t.Status == TrialStatus.Completed, t.Reason is null));
        Assert.Equal(TrialStatus.Completed, report.Best!.Status);
        Assert.Equal(TrialStatus.Completed, report.BestFirst()[0].Status);
    }

    [Fact]
    public async Task With_folds_a_trial_is_worth_the_mean_of_its_folds()
    {
        TuningReport report = await _probe.RunAsync(o => o with { Trials = 2, Folds = 3, Metric = "validationAccuracy" });
        Assert.All(report.Trials, t =>
        {
            Assert.Equal(3, t.Folds!.Length);
            Assert.Equal(t.Folds.Average(), t.Value!.Value, 1e-15);
            Assert.Equal(Spread.Of(t.Folds), t.Deviation);
            Assert.Equal(12, t.Epochs);
        });
        Assert.Equal(report.Trials.Max(t => t.Value), report.Best!.Value);
        Assert.Equal(3, Directory.GetDirectories(report.BestFolder!).Length);
    }

    [Fact]
    public async Task Values_that_the_job_refuses_are_told_before_the_first_trial_at_their_line()
    {
        var wrong = await Assert.ThrowsAsync<UserException>(() => _probe.RunAsync(
            o => o with { Trials = 1 }, "batch: {int: [0, 5]}\noptimizer.adam.rtae: {log: [1, 2]}\nmodel.layers.7.dense: {int: [1, 2]}"));
        Assert.Equal(3, wrong.Problems.Count);
        Assert.EndsWith("space.yaml:1:1 batch, value 0", wrong.Problems[0].Where, StringComparison.Ordinal);
        Assert.Contains("rtae", wrong.Problems[1].What, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_probe.Out));
    }

    [Theory]
    [InlineData("validationLoss", "data.validation=null", "no validation data")]
    [InlineData("trainAccuracy", "loss=meanSquaredError", "is for classes")]
    public async Task A_metric_that_there_is_not_is_told(string metric, string setting, string what)
    {
        string space = setting.StartsWith("loss", StringComparison.Ordinal) ? "epochs: {int: [1, 2]}" : TuningProbe.Space;
        var wrong = await Assert.ThrowsAsync<UserException>(() => _probe.RunAsync(o => o with { Trials = 1, Metric = metric }, space, setting));
        Assert.Contains(what, wrong.Message, StringComparison.Ordinal);
    }

    private static async Task<TuningReport> ResumeAsync(string folder, int trials)
    {
        string space = Path.Combine(Path.GetDirectoryName(folder)!, "space.yaml");
        var options = new TuningOptions(
            null, ["data.validation=0.2", "epochs=4", "model.layers.2.dense=16"], space, SearchKind.Bayesian, "validationLoss")
        {
            OutFolder = folder, Resume = true, Trials = trials, Workers = 1,
        };
        using var listener = new TuningProbe();
        return await TuningSession.RunAsync(options, listener, CancellationToken.None);
    }
}
