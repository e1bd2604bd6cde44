using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

public sealed class DivergenceTests
{
    /// <summary>Without a bounded activation, so that what is too large grows until it is no number.</summary>
    private const string Unbounded = """
        model: {layers: [{dense: {units: 96, name: first}}, relu, {dense: 48}, relu, {dense: 10}]}
        optimizer: {sgd: {rate: 1e8}}
        clip: null
        """;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(2, 5)]
    public async Task A_rate_that_is_far_too_high_ends_with_parameter_step_and_remedy(int workers, int servers)
    {
        JobDescription job = SmallJobs.Of(Unbounded, "checkpoint.everySteps=1");
        using var run = new TestRun();
        using var probe = new RunProbe();
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(job, workers, servers, probe));
        Assert.Equal(ErrorKind.Diverged, e.Kind);
        Assert.Contains("the gradient of first.weight is not a finite number", e.Message, StringComparison.Ordinal);
        Assert.Contains($"step {probe.Steps.Count}, epoch 1, learning rate 1E+08", e.Message, StringComparison.Ordinal);
        Assert.Contains("first in the output of layer ", e.Message, StringComparison.Ordinal);
        Assert.Contains("for training samples ", e.Message, StringComparison.Ordinal);
        Assert.Contains("lower it to a third or a tenth", e.Message, StringComparison.Ordinal);

        CheckpointSearch search = CheckpointStore.OpenForReading(run.Paths.Checkpoints).FindNewestIntact();
        Assert.Empty(search.Damaged);
        Assert.Contains($"the last good checkpoint is {search.Checkpoint!.Folder}", e.Message, StringComparison.Ordinal);
        // The one of the step that diverged was written too: its parameters are those that give no number.
        Assert.Equal(probe.Steps.Count - 1, search.Checkpoint.Position.Step);
        Assert.False(File.Exists(run.Paths.Result));
        string end = File.ReadLines(run.Paths.Events).Last();
        Assert.Contains("\"event\":\"end\"", end, StringComparison.Ordinal);
        Assert.Contains("\"status\":\"failed\"", end, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Statistics_that_are_not_finite_reject_the_step()
    {
        // The largest floats are finite, and the variance of them is not; what is normalized by it is 0 and would go on unnoticed.
        JobDescription job = SmallJobs.Of("""
            data: {format: digits, preprocess: [{divide: 1e-30}]}
            model: {layers: [{dense: {units: 16, name: first}}, {batchNorm: {name: norm}}, {dense: 10}]}
            """, "model.initialization=heNormal");
        using var run = new TestRun();
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(job, 2, 2));
        Assert.Equal(ErrorKind.Diverged, e.Kind);
        Assert.Contains("norm.runningVariance is not a finite number", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_newest_good_checkpoint_stays_although_one_is_kept_and_a_bad_one_is_newer()
    {
        using var run = new TestRun();
        UserException e = await Assert.ThrowsAsync<UserException>(
            () => run.TrainAsync(SmallJobs.Of(Unbounded, "checkpoint.everySteps=1", "checkpoint.keep=1"), 2, 2));
        string only = Assert.Single(CheckpointStore.OpenForReading(run.Paths.Checkpoints).NewestFirst());
        Assert.Contains($"the last good checkpoint is {only}", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_run_that_ends_well_keeps_no_more_checkpoints_than_it_was_asked_to()
    {
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "checkpoint.everySteps=1", "checkpoint.keep=1"), 2, 2);
        Assert.Single(CheckpointStore.OpenForReading(run.Paths.Checkpoints).NewestFirst());
    }

    [Fact]
    public async Task A_run_without_a_good_checkpoint_says_so()
    {
        using var run = new TestRun();
        UserException e = await Assert.ThrowsAsync<UserException>(
            () => run.TrainAsync(SmallJobs.Of(Unbounded, "optimizer.sgd.rate=1e30", "checkpoint.everySteps=1")));
        Assert.Contains("no good checkpoint was written yet", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(3, 2)]
    [InlineData(5, 3)]
    public async Task One_extreme_sample_is_named_whoever_computed_it(int workers, int servers)
    {
        using var data = new ExtremeSample();
        UserException e = await Assert.ThrowsAsync<UserException>(() => data.TrainAsync(workers, servers, "stop"));
        Assert.Equal(ErrorKind.Diverged, e.Kind);
        Assert.Contains($"for training sample {ExtremeSample.Row} (counted from 0) in slice ", e.Message, StringComparison.Ordinal);
        Assert.Contains("look at these samples for extreme values, or set `onNonFinite: skip`", e.Message, StringComparison.Ordinal);
        Assert.Equal(await Where(1, 1), await Where(workers, servers));

        async Task<string> Where(int w, int s) =>
            (await Assert.ThrowsAsync<UserException>(() => data.TrainAsync(w, s, "stop"))).Problems[0] is var problem ? problem.Where + problem.What : "";
    }

    [Fact]
    public async Task Steps_with_an_extreme_sample_are_skipped_and_the_bits_are_those_of_any_cluster()
    {
        using var data = new ExtremeSample();
        (RunResult alone, RunProbe heard) = await data.TrainAsync(1, 1, "skip");
        Assert.Equal(3, alone.SkippedSteps);
        Assert.Equal([1, 2, 3], heard.Skipped.Select(s => s.Skipped));
        Assert.Equal([1, 2, 3], heard.Skipped.Select(s => s.Epoch));
        foreach ((int workers, int servers) in new[] { (2, 3), (5, 2) })
            Assert.Equal(alone.WeightsSha256, (await data.TrainAsync(workers, servers, "skip")).Result.WeightsSha256);
    }

    [Fact]
    public async Task The_same_step_diverges_over_any_workers_and_servers()
    {
        JobDescription job = SmallJobs.Of(Unbounded);
        string[] messages = await Task.WhenAll(new[] { (1, 1), (2, 3), (5, 2) }.Select(async shape =>
        {
            using var run = new TestRun();
            return (await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(job, shape.Item1, shape.Item2))).Problems[0].Where;
        }));
        Assert.Single(messages.Distinct());
    }

    [Theory]
    [InlineData("optimizer.sgd.rate=1e30", "the loss is not a finite number")]
    [InlineData("optimizer.sgd.rate=1e300", "first.weight is not a finite number")]
    public async Task A_last_step_that_goes_astray_is_told_although_no_step_follows(string rate, string what)
    {
        JobDescription job = SmallJobs.Of(Unbounded, rate, "batch=1079", "epochs=1");
        using var run = new TestRun();
        UserException e = await Assert.ThrowsAsync<UserException>(() => run.TrainAsync(job, 2, 2));
        Assert.Equal(ErrorKind.Diverged, e.Kind);
        Assert.Contains(what, e.Message, StringComparison.Ordinal);
        Assert.Contains("step 1, epoch 1", e.Message, StringComparison.Ordinal);
        Assert.False(File.Exists(run.Paths.Result));
    }
}
