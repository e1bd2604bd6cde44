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
    public async Task Workers_at_their_own_pace_learn_from_each_sample_once_an_epoch_and_staleness_is_told(string mode, long mostStaleness)
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
    public async Task A_run_that_was_interrupted_goes_on_in_each_mode(string mode)
    {
        using var run = new TestRun();
        Outcome outcome = await run.TrainInPiecesAsync(SmallJobs.Of(SmallJobs.Adam, $"consistency={mode}", "epochs=4"), [(5, 3, 2), (20, 4, 1)], (2, 3));
        Assert.Equal((nameof(RunStatus.Completed), 4 * SmallJobs.StepsPerEpoch, 4), (outcome.Status, outcome.Steps, outcome.Epochs));
    }

    [Theory]
    [InlineData("bsp", "consistency: bsp\n")]
    [InlineData("{bsp: {backupWorkers: 0}}", "consistency: bsp\n")]
    [InlineData("{bsp: {backupWorkers: 1}}", "consistency: {bsp: {backupWorkers: 1}}\n")]
    [InlineData("{ssp: {staleness: 5}}", "consistency: {ssp: {staleness: 5}}\n")]
    [InlineData("async", "consistency: async\n")]
    public void A_mode_is_written_as_it_is_read(string mode, string written)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, $"consistency={mode}");
        Assert.Contains(written, JobFile.Write(job), StringComparison.Ordinal);
        Assert.Equal(mode is "bsp" or "{bsp: {backupWorkers: 0}}", JobFile.Hash(job) == JobFile.Hash(SmallJobs.Of(SmallJobs.Adam)));
    }
}
