using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs.Audits;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Storage.Ledgers;
using DistBp.Cluster.Tests.Storage;
using DistBp.Cluster.Tests.Storage.Ledgers;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Data.Shards;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Runs.Audits;

/// <summary>Audits of ledgers that a correct run could not have written, or that a mode which drops contributions would.</summary>
public sealed class AuditFaultTests : IDisposable
{
    private static readonly Contribution[] WithoutTheLast = [new(new Subtree(0, 4), 0)];
    private readonly TemporaryFolder _folder = new();
    private JobDescription _job = SmallJobs.Of(SmallJobs.Adam, "seed=3");

    private RunPaths Paths => new(_folder.Path);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_contribution_that_was_dropped_is_named_with_its_samples()
    {
        AuditReport report = Audit(ledger =>
        {
            ledger.Apply(0..6);
            ledger.Apply(6, WithoutTheLast);
            ledger.Apply(7..20);
        });
        AuditFault fault = Assert.Single(report.Faults);
        int[] samples = [.. SamplesOf(6, 4), .. SamplesOf(6, 5)];
        Assert.Equal((AuditFaultKind.Missing, 1, samples.Length), (fault.Kind, fault.Epoch, fault.Samples));
        Assert.Equal(samples.Take(5), fault.First.Select(s => s.Sample));
        Assert.Equal("slice 4 of step 6 was left out", fault.First[0].Why);
        Assert.Equal((2, samples.Length, 0), (report.WholeEpochs, report.Missing, report.Repeated));
    }

    [Fact]
    public void Samples_of_shards_are_named_in_the_order_of_their_windows()
    {
        const int window = 30;
        File.WriteAllLines(_folder["data.csv"], ["a,y", .. Enumerable.Range(0, WrittenLedger.Geometry.SampleCount).Select(i => $"{i},{i % 2}")]);
        var data = new DataDescription(DataFormat.Csv, new CsvFile("data.csv", "y", null), null, null, null, [], false);
        _job = _job with { Data = ShardConversion.Convert(data, _job.Target, 1, _folder.Path, _folder["shards"], 20).Data with { ShuffleWindow = window } };
        AuditReport report = Audit(ledger =>
        {
            ledger.Apply(0..6);
            ledger.Apply(6, WithoutTheLast);
            ledger.Apply(7..11);
        });
        ShardManifest manifest = ShardManifest.Load(_folder["shards/train"]);
        MiniBatchGeometry geometry = WrittenLedger.Geometry;
        int[] left = manifest.Order(window, _job.Seed).Rows(0, new RowRange(geometry.SliceRange(6, 4).Start, geometry.SliceRange(6, 5).End)).ToArray();
        AuditFault fault = Assert.Single(report.Faults);
        Assert.Equal(left.Length, fault.Samples);
        Assert.Equal(left.Take(5), fault.First.Select(s => s.Sample));
        Assert.NotEqual(SamplesOf(6, 4)[0], left[0]);
    }

    [Fact]
    public void A_contribution_that_was_applied_twice_is_named_with_its_versions()
    {
        AuditReport report = Audit(ledger =>
        {
            ledger.Apply(0..10);
            ledger.Apply(10..13);
            ledger.Apply(12, new Contribution(new Subtree(0, 1), 4));
            ledger.Apply(13..15);
        });
        AuditFault fault = Assert.Single(report.Faults);
        int[] samples = SamplesOf(12, 0);
        Assert.Equal((AuditFaultKind.Repeated, 2, samples.Length), (fault.Kind, fault.Epoch, fault.Samples));
        Assert.Equal(samples.Take(5), fault.First.Select(s => s.Sample));
        Assert.Equal("slice 0 of step 12 in versions 13 and 13", fault.First[0].Why);
        Assert.Equal((1, 2, 3), (report.WholeEpochs, report.EpochUnderWay, report.Workers));
    }

    [Fact]
    public void Overlapping_subtrees_of_one_step_are_found()
    {
        AuditReport report = Audit(ledger =>
        {
            ledger.Apply(0..3);
            ledger.Apply(3, new Contribution(new Subtree(0, 4), 0), new Contribution(new Subtree(2, 2), 1), new Contribution(new Subtree(4, 2), 1));
        });
        Assert.Equal(SamplesOf(3, 2).Length + SamplesOf(3, 3).Length, report.Repeated);
    }

    [Fact]
    public void A_step_that_has_no_record_is_missing_when_its_epoch_is_whole_and_not_before()
    {
        AuditReport underWay = Audit(ledger => { ledger.Apply(0..4); ledger.Apply(5..8); });
        Assert.True(underWay.Proven);
        AuditReport whole = Audit(ledger => { ledger.Apply(0..4); ledger.Apply(5..10); });
        Assert.Equal("step 4 is not in the ledger", Assert.Single(whole.Faults).First[0].Why);
        Assert.Equal(10, whole.Missing);
    }

    [Fact]
    public void Epochs_without_a_record_are_unknown()
    {
        AuditReport report = Audit(ledger => { ledger.Apply(0..10); ledger.Apply(30..40); });
        Assert.Contains("epochs 2 to 3", Assert.Single(report.Unknown), StringComparison.Ordinal);
        Assert.False(report.Proven);
    }

    [Fact]
    public void Faults_are_bounded_and_counted()
    {
        AuditReport report = Audit(ledger =>
        {
            for (int step = 0; step < 1000; step++) ledger.Apply(step, WithoutTheLast);
        });
        Assert.Equal(20, report.Faults.Count);
        Assert.Equal(100L * Enumerable.Range(0, 10).Sum(s => SamplesOf(s, 4).Length + SamplesOf(s, 5).Length), report.Missing);
    }

    [Fact]
    public void Staleness_and_assignments_are_counted()
    {
        AuditReport report = Audit(ledger =>
        {
            ledger.Apply(0, new Contribution(new Subtree(0, 6), 0));
            ledger.Applied(1, 1, 2, new Protocol.Generation(2, 8), new Contribution[] { new(new Subtree(0, 6), 1, Staleness: 2) });
        });
        Assert.Equal((2, 2), (report.MaxStaleness, report.Generations));
    }

    [Theory]
    [InlineData(4, 3)]
    [InlineData(-1, 2)]
    [InlineData(0, int.MaxValue)]
    [InlineData(int.MaxValue, 1)]
    [InlineData(2, 0)]
    public void Slices_that_a_step_does_not_have_are_damage(int first, int count)
    {
        AuditReport report = Audit(ledger => { ledger.Apply(0..2); ledger.Apply(2, new Contribution(new Subtree(first, count), 0)); });
        Assert.Contains("6 slices alone", report.Damage!.Why, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(long.MaxValue - 1, int.MaxValue)]
    [InlineData(-5, 0)]
    [InlineData(12, 1)]
    public void A_step_in_the_wrong_epoch_is_damage(long step, int epoch)
    {
        AuditReport report = Audit(ledger => ledger.Applied(step, epoch, 1, WrittenLedger.Generation, WrittenLedger.TwoWorkers));
        Assert.Contains("is not in epoch", report.Damage!.Why, StringComparison.Ordinal);
    }

    [Fact]
    public void A_ledger_of_another_job_proves_nothing()
    {
        AuditReport report = Audit(ledger => ledger.Apply(0..10), hash: "beef");
        Assert.Contains("another job", Assert.Single(report.Unknown), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, 10, 6)]
    [InlineData(97, 0, 6)]
    [InlineData(97, 10, 0)]
    [InlineData(97, 10, 11)]
    [InlineData(97, 98, 6)]
    [InlineData(97, int.MaxValue, int.MaxValue)]
    public void Mini_batches_that_no_job_has_are_damage(int samples, int batch, int slices)
    {
        using (LedgerWriter.Open(Paths.Ledger, new LedgerIdentity("cafe", 1, new MiniBatchGeometry(samples, batch, slices)), 0, TimeProvider.System))
        {
        }
        File.WriteAllText(Paths.Job, JobFile.Write(_job));
        Assert.Contains("mini-batches", RunAudit.Of(_folder.Path).Damage!.Why, StringComparison.Ordinal);
    }

    private AuditReport Audit(Action<LedgerWriter> write, string? hash = null)
    {
        File.Delete(Paths.Ledger);
        File.WriteAllText(Paths.Job, JobFile.Write(_job));
        var identity = new LedgerIdentity(hash ?? JobFile.Hash(_job), _job.Seed, WrittenLedger.Geometry);
        using (LedgerWriter ledger = LedgerWriter.Open(Paths.Ledger, identity, 0, TimeProvider.System)) write(ledger);
        return RunAudit.Of(_folder.Path);
    }

    private int[] SamplesOf(int step, int slice)
    {
        var order = new EpochOrder(WrittenLedger.Geometry.SampleCount, _job.Seed);
        order.Prepare(step / WrittenLedger.Geometry.StepsPerEpoch);
        return order.Slice(WrittenLedger.Geometry, step % WrittenLedger.Geometry.StepsPerEpoch, slice).ToArray();
    }
}
