using DistBp.Cluster.Configuration;
using DistBp.Learning.Diagnosis;

namespace DistBp.Cluster.Tests.Runs;

public sealed class StatisticsTests
{
    private static readonly JobDescription Job = SmallJobs.Of(
        "optimizer: {sgd: {rate: 0.05, momentum: 0.9}}", "regularization={l1: 0.0001}", "clip={globalNorm: 0.5, value: 0.01}", "statistics.everySteps=4");

    [Fact]
    public async Task Sampled_are_the_first_step_every_fourth_and_the_last_of_each_epoch()
    {
        (_, RunProbe probe) = await TestRun.WholeAsync(Job);
        Assert.Equal([1, 4, 8, 11, 12, 16, 20, 22], probe.Statistics.Select(s => s.Step));
        Assert.Equal([1, 1, 1, 1, 2, 2, 2, 2], probe.Statistics.Select(s => s.Epoch));
        Assert.All(probe.Statistics, s => Assert.Equal(
            ["first.weight", "first.bias", "dense2.weight", "dense2.bias", "dense3.weight", "dense3.bias"], s.Parameters.Select(p => p.Name)));
    }

    [Fact]
    public async Task Also_where_nobody_stops_at_the_ends_of_epochs()
    {
        JobDescription job = SmallJobs.Of(
            "data: {format: digits, test: 0.2, preprocess: [{divide: 16}]}\noptimizer: {sgd: {rate: 0.05}}", "epochs=3", "statistics.everySteps=10");
        (_, RunProbe alone) = await TestRun.WholeAsync(job);
        (_, RunProbe probe) = await TestRun.WholeAsync(job, 2, 3);
        Assert.Equal([1, 10, 15, 20, 30, 40, 45], probe.Statistics.Select(s => s.Step));
        Assert.Equal([1, 1, 1, 2, 2, 3, 3], probe.Statistics.Select(s => s.Epoch));
        Assert.Equal(alone.Statistics.Select(Numbers), probe.Statistics.Select(Numbers));
        Assert.Equal([1, 2, 3], probe.Epochs.Select(e => e.Epoch));
        Assert.Equal(alone.Epochs.Select(e => e.Train), probe.Epochs.Select(e => e.Train));
        Assert.All(probe.Epochs, e => Assert.True(e is { IsTimed: true, SamplesPerSecond: > 0 }));
    }

    [Fact]
    public async Task Workers_and_servers_change_no_bit_of_the_figures()
    {
        (_, RunProbe alone) = await TestRun.WholeAsync(Job);
        foreach ((int workers, int servers) in new[] { (1, 3), (2, 1), (3, 2), (5, 3), (7, 5) })
        {
            (_, RunProbe probe) = await TestRun.WholeAsync(Job, workers, servers);
            Assert.Equal(alone.Statistics.Select(Numbers), probe.Statistics.Select(Numbers));
        }
    }

    [Fact]
    public async Task Measuring_changes_no_bit_of_the_run()
    {
        (Outcome measured, RunProbe probe) = await TestRun.WholeAsync(Job, 2, 2);
        (Outcome plain, RunProbe quiet) = await TestRun.WholeAsync(Job with { Statistics = new StatisticsDescription(0) }, 2, 2);
        Assert.Equal(plain, measured);
        Assert.Empty(quiet.Statistics);
        Assert.Equal(quiet.Steps, probe.Steps);
    }

    [Fact]
    public async Task The_norms_of_the_parameters_make_the_global_norm_and_what_is_clamped_is_no_larger_than_the_limit()
    {
        (_, RunProbe probe) = await TestRun.WholeAsync(Job, 2, 3);
        foreach (StatisticsSample sample in probe.Statistics)
        {
            double norm = Math.Sqrt(sample.Parameters.Sum(p => p.GradientNorm * p.GradientNorm));
            Assert.Equal(probe.Steps[(int)sample.Step - 1].GradientNorm, norm, 1e-9);
            Assert.All(sample.Parameters, p => Assert.InRange(p.GradientMaximum, 1e-9, 0.01f));
            Assert.All(sample.Parameters, p => Assert.InRange(p.UpdateNorm, 1e-9, 1));
            Assert.All(sample.Layers, l => Assert.True(l.Outputs.Maximum >= l.Outputs.RootMeanSquare && l.Outputs.RootMeanSquare > 0));
        }
        Assert.InRange(probe.Statistics[0].Layers[0].Outputs.ZeroShare, 0.3, 0.7);
        Assert.Equal(22, probe.Result!.ClippedSteps);
    }

    [Fact]
    public async Task A_job_that_does_not_clip_tells_of_no_clipping()
    {
        (_, RunProbe probe) = await TestRun.WholeAsync(Job with { Clip = new Learning.Optimizers.ClipDescription() });
        Assert.Null(probe.Result!.ClippedSteps);
    }

    [Fact]
    public async Task An_interrupted_run_counts_the_clipped_steps_of_all_its_pieces()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "clip.globalNorm=0.6");
        (_, RunProbe whole) = await TestRun.WholeAsync(job);
        using var run = new TestRun();
        await run.TrainInPiecesAsync(job, [(5, 2, 2), (15, 1, 3)], (3, 1));
        Assert.InRange(whole.Result!.ClippedSteps!.Value, 1, 21);
        Assert.Equal(whole.Result.ClippedSteps, Cluster.Storage.RunResult.Load(run.Paths.Result).ClippedSteps);
    }

    private static string Numbers(StatisticsSample sample) =>
        string.Join(";", sample.Parameters.Select(p => p.ToString()).Concat(sample.Layers.Select(l => l.ToString())));
}
