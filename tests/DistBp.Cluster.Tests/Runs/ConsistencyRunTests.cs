using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Runs.Audits;
using DistBp.Cluster.Storage;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Tests.Runs;

public sealed class ConsistencyRunTests
{
    [Theory]
    [InlineData("{bsp: {backupWorkers: 2}}")]
    [InlineData("{ssp: {staleness: 2}}")]
    [InlineData("async")]
    public async Task One_worker_alone_makes_the_bits_of_bsp_in_each_mode(string mode)
    {
        (Outcome exact, _) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam), 1, 2);
        (Outcome alone, _) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam, $"consistency={mode}"), 1, 2);
        Assert.Equal(exact, alone);
    }

    [Theory]
    [InlineData("{ssp: {staleness: 0}}", 0)]
    [InlineData("{ssp: {staleness: 2}}", 2)]
    [InlineData("async", SmallJobs.StepsPerEpoch - 1)]
    [InlineData("{localSgd: {steps: 4}}", 3)]
    [InlineData("{localSgd: {steps: 4, outerRate: 0.8, outerMomentum: 0.5}}", 3)]
    public async Task Workers_by_themselves_learn_from_each_sample_once_an_epoch_and_staleness_is_told(string mode, long mostStaleness)
    {
        using var run = new TestRun();
        using var probe = new RunProbe();
        RunResult result = await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, $"consistency={mode}", "epochs=8"), 3, 2, probe);
        Assert.Equal((RunStatus.Completed, 8 * SmallJobs.StepsPerEpoch), (result.Status, result.Steps));
        Assert.InRange(result.TestAccuracy!.Value, 0.9, 1);
        Assert.Contains(probe.Warnings, w => w.StartsWith("consistency ", StringComparison.Ordinal));
        Assert.All(probe.Epochs, e => Assert.InRange(e.Staleness!.Value.Maximum, 0, mostStaleness));
        Assert.All(probe.Epochs, e => Assert.InRange(e.Staleness!.Value.Mean, 0, e.Staleness!.Value.Maximum));
        Assert.Contains("\"maxStaleness\":", await File.ReadAllTextAsync(run.Paths.Events), StringComparison.Ordinal);
        AuditReport audit = RunAudit.Of(run.Folder);
        Assert.Empty(audit.Faults);
        Assert.Equal(8, audit.WholeEpochs);
    }

    [Fact]
    public async Task Every_kind_of_layer_and_table_learns_with_backup_workers_and_at_its_own_pace()
    {
        foreach (string mode in (string[])["{bsp: {backupWorkers: 1}}", "async"])
        {
            foreach (string job in (string[])["lstm", "regularized"])
            {
                (Outcome outcome, RunProbe probe) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.EveryOptimizer[job], $"consistency={mode}"), 4, 2);
                probe.Dispose();
                Assert.Equal((nameof(RunStatus.Completed), 2), (outcome.Status, outcome.Epochs));
                Assert.True(double.IsFinite(outcome.TestLoss!.Value));
            }
        }
    }

    [Theory]
    [InlineData("{bsp: {backupWorkers: 1}}")]
    [InlineData("{ssp: {staleness: 2}}")]
    [InlineData("{localSgd: {steps: 4, outerRate: 0.8, outerMomentum: 0.5}}")]
    public async Task A_run_that_was_interrupted_goes_on_in_each_mode(string mode)
    {
        using var run = new TestRun();
        Outcome outcome = await run.TrainInPiecesAsync(SmallJobs.Of(SmallJobs.Adam, $"consistency={mode}", "epochs=4"), [(5, 3, 2), (20, 4, 1)], (2, 3));
        Assert.Equal((nameof(RunStatus.Completed), 4 * SmallJobs.StepsPerEpoch, 4), (outcome.Status, outcome.Steps, outcome.Epochs));
    }

    [Theory]
    [InlineData("async")]
    [InlineData("{bsp: {backupWorkers: 2}}")]
    [InlineData("{localSgd: {steps: 4}}")]
    public async Task A_last_mini_batch_of_one_sample_leaves_workers_with_nothing_to_do(string mode)
    {
        using var run = new TestRun();
        RunResult result = await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, $"consistency={mode}", "batch=98"), 3, 2);
        Assert.Equal((RunStatus.Completed, 2 * 12), (result.Status, result.Steps));
        Assert.True(double.IsFinite(result.TestLoss!.Value));
    }

    [Theory]
    [InlineData("sgd")]
    [InlineData("regularized")]
    [InlineData("lstm")]
    public async Task One_worker_s_local_steps_and_their_average_are_training_as_ever_but_for_rounding(string job)
    {
        (Outcome exact, RunProbe probe) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.EveryOptimizer[job]), 1, 2);
        probe.Dispose();
        (Outcome local, probe) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.EveryOptimizer[job], "consistency={localSgd: {steps: 4}}"), 1, 2);
        probe.Dispose();
        Assert.Equal((exact.Steps, exact.Epochs), (local.Steps, local.Epochs));
        Assert.Equal(exact.TrainLoss!.Value, local.TrainLoss!.Value, exact.TrainLoss.Value * 1e-3);
        Assert.Equal(exact.TestLoss!.Value, local.TestLoss!.Value, exact.TestLoss.Value * 1e-3);
    }

    [Theory]
    [InlineData("f32")]
    [InlineData("int8")]
    [InlineData("{topK: 0.1}")]
    public async Task What_workers_have_moved_by_themselves_is_the_same_for_any_servers_and_goes_in_each_encoding(string encoding)
    {
        JobDescription job = SmallJobs.Of(
            SmallJobs.EveryOptimizer["regularized"], "consistency={localSgd: {steps: 4, outerRate: 0.8, outerMomentum: 0.5}}", $"wire.gradients={encoding}", "epochs=4");
        (Outcome one, RunProbe probe) = await TestRun.WholeAsync(job, 3, 1);
        probe.Dispose();
        (Outcome three, probe) = await TestRun.WholeAsync(job, 3, 3);
        probe.Dispose();
        Assert.Equal(one, three);
        Assert.True(one.TestLoss < 2.5, $"{one.TestLoss}");
    }

    [Fact]
    public void Tables_of_rows_are_not_for_local_steps_in_this_version()
    {
        var refused = Assert.ThrowsAny<Exception>(() => SmallJobs.Of(SmallJobs.Adam, "consistency=localSgd", "model.layers=[{embedding: {vocabulary: 17, size: 2}}, flatten, {dense: 10}]"));
        Assert.Contains("localSgd is not available in this version with embedding layers", refused.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("bsp", "consistency: bsp\n")]
    [InlineData("{bsp: {backupWorkers: 0}}", "consistency: bsp\n")]
    [InlineData("{bsp: {backupWorkers: 1}}", "consistency: {bsp: {backupWorkers: 1}}\n")]
    [InlineData("{ssp: {staleness: 5}}", "consistency: {ssp: {staleness: 5}}\n")]
    [InlineData("async", "consistency: async\n")]
    [InlineData("localSgd", "consistency: {localSgd: {steps: 16, outerRate: 1, outerMomentum: 0}}\n")]
    [InlineData("{localSgd: {steps: 4, outerRate: 0.7, outerMomentum: 0.9}}", "consistency: {localSgd: {steps: 4, outerRate: 0.7, outerMomentum: 0.9}}\n")]
    public void A_mode_is_written_as_it_is_read(string mode, string written)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, $"consistency={mode}");
        Assert.Contains(written, JobFile.Write(job), StringComparison.Ordinal);
        Assert.Equal(mode is "bsp" or "{bsp: {backupWorkers: 0}}", JobFile.Hash(job) == JobFile.Hash(SmallJobs.Of(SmallJobs.Adam)));
    }
}
