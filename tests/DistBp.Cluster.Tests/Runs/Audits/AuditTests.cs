using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs.Audits;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage.Ledgers;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs.Audits;

/// <summary>Audits of runs that were really trained: 1,079 samples, 11 steps an epoch, the last mini-batch of 79, unless a test says otherwise.</summary>
public sealed class AuditTests
{
    [Theory]
    [InlineData(1, 1, 100, 6)]
    [InlineData(2, 2, 100, 6)]
    [InlineData(5, 3, 97, 7)]
    [InlineData(7, 1, 64, 5)]
    [InlineData(3, 2, 1079, 64)]
    [InlineData(4, 2, 11, 11)]
    public async Task A_run_is_proven_whatever_its_sizes_and_its_cluster(int workers, int servers, int batch, int slices)
    {
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, $"batch={batch}", $"slices={slices}", "epochs=3"), workers, servers);
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.True(report.Proven, string.Join("; ", report.Faults));
        long stepsPerEpoch = (1079 + batch - 1) / batch;
        Assert.Equal((1079, 3, 0, 3 * stepsPerEpoch), (report.Samples, report.WholeEpochs, report.EpochUnderWay, report.StepsApplied));
        Assert.Equal((Math.Min(workers, slices), 1, 0, 0), (report.Workers, report.Generations, report.Restarts, report.MaxStaleness));
    }

    [Fact]
    public async Task A_run_that_was_interrupted_and_gone_on_with_elsewhere_is_proven()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=4");
        using var run = new TestRun();
        await run.TrainInPiecesAsync(job, [(5, 2, 3), (17, 5, 1), (25, 1, 1)], last: (3, 2));
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.True(report.Proven);
        Assert.Equal((4, 3, 5, 44), (report.WholeEpochs, report.Restarts, report.Workers, report.StepsApplied));
    }

    [Fact]
    public async Task An_interrupted_run_is_proven_as_far_as_it_came()
    {
        using var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = 14 };
        long steps = (await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam), 2, 2, probe)).Steps;
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.True(report.Proven);
        Assert.InRange(steps, 14, 22);
        // A busy machine may hear of the stop as late as at the epoch's end.
        (int, int, long) expected = steps == 22 ? (2, 0, 0) : (1, 2, (steps - 11) * 100);
        Assert.Equal(expected, (report.WholeEpochs, report.EpochUnderWay, report.SamplesUnderWay));
    }

    [Fact]
    public async Task Steps_that_were_lost_and_made_again_count_once_and_the_cut_is_noted()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "checkpoint.everySteps=4", "checkpoint.keep=9");
        using var run = new TestRun();
        await run.TrainAsync(job, 2, 2);
        // As if the process had been killed after step 15: later checkpoints and the end were never written.
        foreach (string checkpoint in CheckpointStore.OpenForReading(run.Paths.Checkpoints).NewestFirst().Where(c => string.CompareOrdinal(Path.GetFileName(c), "step-000000012") > 0).ToArray())
            Directory.Delete(checkpoint, recursive: true);
        await run.TrainAsync(job, 3, 1);
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.True(report.Proven);
        Assert.Equal((22, 1, 10), (report.StepsApplied, report.Restarts, report.StepsRepeated));
    }

    [Fact]
    public async Task When_a_checkpoint_is_told_of_the_ledger_on_the_disk_has_all_its_steps()
    {
        using var run = new TestRun();
        var behind = new List<long>();
        using var probe = new RunProbe { AtCheckpoint = step => behind.Add(step - WrittenLedger.Steps(run.Paths.Ledger).Length) };
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam, "checkpoint.everySteps=3"), 2, 2, probe);
        Assert.Equal(8, behind.Count);
        Assert.All(behind, steps => Assert.True(steps <= 0, $"{steps} steps of a checkpoint are not in the ledger"));
    }

    [Fact]
    public async Task The_samples_of_skipped_steps_are_named_and_no_others()
    {
        using var data = new ExtremeSample();
        using var run = new TestRun();
        await data.TrainAsync(run, 3, 2, "skip");
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.False(report.Proven);
        Assert.Equal((27, 3, 60, 0), (report.StepsApplied, report.StepsSkipped, report.Missing, report.Repeated));
        Assert.Equal([1, 2, 3], report.Faults.Select(f => f.Epoch));
        Assert.All(report.Faults, fault =>
        {
            Assert.Equal((AuditFaultKind.Missing, 20), (fault.Kind, fault.Samples));
            Assert.All(fault.First, sample => Assert.Contains("was skipped", sample.Why, StringComparison.Ordinal));
        });
    }

    [Fact]
    public async Task A_step_that_ended_the_run_is_told_and_was_not_applied()
    {
        using var data = new ExtremeSample();
        using var run = new TestRun();
        await Assert.ThrowsAsync<UserException>(() => data.TrainAsync(run, 3, 2, "stop"));
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.True(report.Proven);
        Assert.Equal((1, 0), (report.StepsRejected, report.WholeEpochs));
        Assert.Equal(report.StepsApplied * 20, report.SamplesUnderWay);
    }

    [Fact]
    public async Task A_flipped_bit_is_found_and_where_it_is()
    {
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam));
        byte[] bytes = File.ReadAllBytes(run.Paths.Ledger);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(run.Paths.Ledger, bytes);
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.False(report.Proven);
        Assert.InRange(report.Damage!.LastStep, 5, 15);
        Assert.Contains("was changed", report.Damage.Why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whole_records_that_are_missing_at_the_end_are_found_by_the_checkpoint()
    {
        using var run = new TestRun();
        await run.TrainAsync(SmallJobs.Of(SmallJobs.Adam));
        byte[] bytes = File.ReadAllBytes(run.Paths.Ledger);
        using (Cluster.Storage.Ledgers.LedgerReader reader = Cluster.Storage.Ledgers.LedgerReader.Open(run.Paths.Ledger))
        {
            while (reader.LastStep < 18) reader.Read();
            bytes = bytes[..(int)reader.End];
        }
        File.WriteAllBytes(run.Paths.Ledger, bytes);
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.Equal((bytes.Length, 18), (report.Damage?.Offset, report.Damage?.LastStep));
    }

    [Fact]
    public async Task A_run_without_a_ledger_is_not_proven_and_one_that_got_it_later_says_from_where()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "epochs=3");
        using var run = new TestRun();
        using var probe = new RunProbe { StopAtStep = 5 };
        long begin = (await run.TrainAsync(job, 1, 1, probe)).Steps;
        File.Delete(run.Paths.Ledger);
        Assert.Equal(ErrorKind.Data, Assert.Throws<UserException>(() => RunAudit.Of(run.Folder)).Kind);

        await run.TrainAsync(job, 2, 1);
        AuditReport report = RunAudit.Of(run.Folder);
        Assert.False(report.Proven);
        Assert.Contains($"begins with step {begin}", Assert.Single(report.Unknown), StringComparison.Ordinal);
        Assert.Empty(report.Faults);
        Assert.Equal(2, report.WholeEpochs);
    }

    [Fact]
    public void A_folder_that_is_no_run_is_refused()
    {
        Assert.Equal(ErrorKind.Usage, Assert.Throws<UserException>(() => RunAudit.Of("nowhere")).Kind);
        Assert.Equal(ErrorKind.Usage, Assert.Throws<UserException>(() => RunAudit.Of(Path.GetTempPath())).Kind);
    }
}
