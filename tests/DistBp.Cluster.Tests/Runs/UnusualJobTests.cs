using DistBp.Cluster.Configuration;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

public sealed class UnusualJobTests
{
    [Theory]
    [InlineData("a mini-batch of all samples", "batch=1079")]
    [InlineData("a last mini-batch with fewer samples than slices", "batch=98", "slices=64")]
    [InlineData("more slices than samples in the last mini-batch and one a sample before", "batch=34", "slices=34")]
    [InlineData("a slice for all", "slices=1")]
    [InlineData("no part but training", "data.validation=null", "data.test=null")]
    [InlineData("no validation part", "data.validation=null", "checkpoint.everySteps=3")]
    [InlineData("no test part", "data.test=null")]
    [InlineData("a checkpoint at each step", "checkpoint.everySteps=1", "checkpoint.keep=1")]
    [InlineData("one small layer", "model={layers: [{dense: 10}]}")]
    public async Task Seven_workers_and_five_servers_end_as_one_of_each(string what, params string[] settings)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, settings);
        (Outcome expected, RunProbe alone) = await TestRun.WholeAsync(job);
        (Outcome outcome, RunProbe probe) = await TestRun.WholeAsync(job, 7, 5);
        Assert.Equal((what, expected), (what, outcome));
        Assert.Equal(alone.Steps, probe.Steps);
        Assert.Equal(2 * alone.Started!.TrainSamples, probe.Steps.Sum(s => s.Samples));
        Assert.Equal(job.Slices < 7, probe.Warnings.Any(w => w.Contains("stay idle", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_mini_batch_larger_than_the_training_part_is_refused_before_a_folder_is_made()
    {
        using var run = new TestRun();
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "batch=1080")));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("set batch to at most 1079", e.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(run.Folder));
    }

    [Fact]
    public async Task Initial_weights_of_another_run_are_where_training_starts()
    {
        using var first = new TestRun();
        await first.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "epochs=4"));
        (_, RunProbe scratch) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam));
        (_, RunProbe tuned) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam, $"initialWeights={first.Paths.Parameters}"));
        Assert.True(tuned.Steps[0].Loss < scratch.Steps[0].Loss / 2);
    }
}
