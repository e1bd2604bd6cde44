using DistBp.Cluster.Storage.Ledgers;
using DistBp.Cluster.Tests.Actors;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Storage.Ledgers;

[Collection(AloneCollection.Name)]
public sealed class LedgerTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Ledger => _folder["ledger.bin"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Records_come_back_as_they_were_written()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0))
        {
            ledger.Apply(0);
            ledger.Apply(1, new DistBp.Protocol.Messages.Contribution(new Subtree(0, 4), 5, Staleness: 3));
            ledger.LeftOut(2, 1, WrittenLedger.Generation, endedRun: false);
            ledger.LeftOut(3, 1, WrittenLedger.Generation, endedRun: true);
        }
        (List<LedgerRecord> records, LedgerDamage? damage) = WrittenLedger.Read(Ledger);
        Assert.Null(damage);
        Assert.Equal(5, records.Count);
        PieceBegun begun = records[0].Begun;
        Assert.Equal((0, 3, 97, 10, 6, "cafe", 0), (begun.Step, begun.Seed, begun.Samples, begun.Batch, begun.Slices, begun.JobHash, begun.StepsCut));
        Assert.Equal((0L, 1, 1L, 2, 7), Facts(records[1].Applied));
        Assert.Equal([(0, 4, 0, 0L), (4, 2, 1, 0L)], Parts(records[1].Applied));
        Assert.Equal([(0, 4, 5, 3L)], Parts(records[2].Applied));
        Assert.Equal((2L, false), (records[3].LeftOut.Step, records[3].LeftOut.EndedRun));
        Assert.Equal((3L, true), (records[4].LeftOut.Step, records[4].LeftOut.EndedRun));
    }

    [Fact]
    public void Opened_again_it_goes_on_and_what_lies_behind_the_step_is_cut_off_and_counted()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0)) ledger.Apply(0..20);
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 13))
        {
            Assert.Equal("", ledger.Warning);
            ledger.Apply(13..15);
        }
        Assert.Equal(Enumerable.Range(0, 15).Select(s => (long)s), WrittenLedger.Steps(Ledger));
        (List<LedgerRecord> records, LedgerDamage? damage) = WrittenLedger.Read(Ledger);
        Assert.Null(damage);
        Assert.Equal([(0L, 0L), (13L, 7L)], records.Where(r => r.Begun is not null).Select(r => (r.Begun.Step, r.Begun.StepsCut)));
    }

    [Fact]
    public void Another_process_goes_on_with_it_without_a_cut_and_what_it_has_already_is_not_written_again()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0)) ledger.Apply(0..14);
        // Killed while it wrote.
        using (FileStream torn = File.Open(Ledger, FileMode.Open)) torn.SetLength(torn.Length - 7);
        using (LedgerWriter ledger = LedgerWriter.GoOn(Ledger, WrittenLedger.Identity, 10, TimeProvider.System))
        {
            Assert.Equal("", ledger.Warning);
            ReadOnlyMemory<DistBp.Protocol.Messages.Contribution> parts = WrittenLedger.TwoWorkers;
            Assert.Equal([false, false, true, true], Enumerable.Range(11, 4).Select(s => ledger.Applied(s, 2, s + 1, WrittenLedger.Generation, parts)));
            Assert.False(ledger.LeftOut(12, 2, WrittenLedger.Generation, endedRun: false));
            Assert.True(ledger.LeftOut(15, 2, WrittenLedger.Generation, endedRun: false));
            // After a way back it is a step like any other.
            ledger.GoBack(5);
            Assert.True(ledger.Applied(5, 1, 6, WrittenLedger.Generation, parts));
        }
        Assert.Equal([0, 1, 2, 3, 4, 5], WrittenLedger.Steps(Ledger));
        (List<LedgerRecord> records, LedgerDamage? damage) = WrittenLedger.Read(Ledger);
        Assert.Null(damage);
        Assert.Equal([(0L, 0L), (5L, 11L)], records.Where(r => r.Begun is not null).Select(r => (r.Begun.Step, r.Begun.StepsCut)));
    }

    [Fact]
    public void A_ledger_that_is_damaged_before_the_checkpoint_is_set_aside_by_the_process_that_goes_on()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0)) ledger.Apply(0..14);
        byte[] bytes = File.ReadAllBytes(Ledger);
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(Ledger, bytes);
        using LedgerWriter damaged = LedgerWriter.GoOn(Ledger, WrittenLedger.Identity, 12, TimeProvider.System);
        Assert.Contains("damaged before step 12", damaged.Warning, StringComparison.Ordinal);
        Assert.True(File.Exists(Ledger + ".damaged"));
        Assert.True(damaged.Applied(12, 2, 13, WrittenLedger.Generation, WrittenLedger.TwoWorkers));
    }

    [Fact]
    public void A_run_that_goes_back_to_its_own_checkpoint_goes_on_in_the_same_file()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0))
        {
            ledger.Apply(0..8);
            ledger.GoBack(5);
            ledger.Apply(5..9);
        }
        Assert.Equal(Enumerable.Range(0, 9).Select(s => (long)s), WrittenLedger.Steps(Ledger));
        Assert.Null(WrittenLedger.Read(Ledger).Damage);
    }

    [Fact]
    public void Every_changed_byte_is_found_and_all_records_before_it_are_read()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0)) ledger.Apply(0..3);
        byte[] bytes = File.ReadAllBytes(Ledger);
        List<long> ends = Ends();
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] changed = [.. bytes];
            changed[i] ^= 0x40;
            File.WriteAllBytes(Ledger, changed);
            (List<LedgerRecord> records, LedgerDamage? damage) = WrittenLedger.Read(Ledger);
            Assert.True(damage is not null, $"byte {i} was changed and nobody noticed");
            Assert.Equal(ends.Count(end => end <= i), records.Count);
            Assert.Equal(i < LedgerFrame.SealBytes ? 0 : ends.Prepend(LedgerFrame.SealBytes).Last(end => end <= i), damage.Offset);
        }
    }

    [Fact]
    public void Every_torn_end_is_found_and_only_it_is_lost_when_the_run_goes_on()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0)) ledger.Apply(0..3);
        byte[] bytes = File.ReadAllBytes(Ledger);
        List<long> ends = Ends();
        for (int length = (int)ends[^2] + 1; length < bytes.Length; length++)
        {
            File.WriteAllBytes(Ledger, bytes[..length]);
            LedgerDamage? damage = WrittenLedger.Read(Ledger).Damage;
            Assert.Equal((ends[^2], 1L), (damage?.Offset ?? -1, damage?.LastStep ?? -1));
            using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 2))
            {
                Assert.Equal("", ledger.Warning);
                ledger.Apply(2..3);
            }
            Assert.Equal([0, 1, 2], WrittenLedger.Steps(Ledger));
            Assert.Null(WrittenLedger.Read(Ledger).Damage);
        }
    }

    [Fact]
    public void A_record_that_was_taken_out_is_found()
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0)) ledger.Apply(0..5);
        byte[] bytes = File.ReadAllBytes(Ledger);
        List<long> ends = Ends();
        File.WriteAllBytes(Ledger, [.. bytes[..(int)ends[2]], .. bytes[(int)ends[3]..]]);
        Assert.Equal((ends[2], 1), (WrittenLedger.Read(Ledger).Damage?.Offset, WrittenLedger.Read(Ledger).Damage?.LastStep));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_ledger_that_does_not_reach_the_checkpoint_is_set_aside_with_a_warning(bool damaged)
    {
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 0)) ledger.Apply(0..(damaged ? 20 : 12));
        byte[] bytes = File.ReadAllBytes(Ledger);
        if (damaged) bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(Ledger, bytes);
        using (LedgerWriter ledger = WrittenLedger.Open(Ledger, 15))
        {
            Assert.Contains(Ledger + ".damaged", ledger.Warning, StringComparison.Ordinal);
            ledger.Apply(15..17);
        }
        Assert.Equal(bytes, File.ReadAllBytes(Ledger + ".damaged"));
        Assert.Equal([15, 16], WrittenLedger.Steps(Ledger));
    }

    [Fact]
    public void Records_wait_for_a_second_a_full_buffer_or_a_checkpoint()
    {
        var clock = new StoppedClock();
        using LedgerWriter ledger = WrittenLedger.Open(Ledger, 0, clock);
        long begin = Length;
        ledger.Apply(0);
        Assert.Equal(begin, Length);
        ledger.Flush();
        Assert.True(Length > begin);
        long flushed = Length;
        clock.Advance(TimeSpan.FromSeconds(1));
        ledger.Apply(1);
        Assert.True(Length > flushed);
        long atSecond = Length;
        int steps = 0;
        for (; Length == atSecond; steps++) ledger.Apply(2 + steps);
        Assert.InRange(steps, 500, 1500);
    }

    [Fact]
    public void A_step_allocates_nothing()
    {
        using LedgerWriter ledger = WrittenLedger.Open(Ledger, 0);
        ledger.Apply(0..200);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 200; step < 10_000; step++)
            ledger.Applied(step, WrittenLedger.Epoch(step), step + 1, WrittenLedger.Generation, WrittenLedger.TwoWorkers);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_file_that_is_no_ledger_is_no_ledger()
    {
        File.WriteAllText(Ledger, "dear diary");
        Assert.Equal(0, WrittenLedger.Read(Ledger).Damage?.Offset);
        File.WriteAllText(Ledger, "");
        Assert.Equal(0, WrittenLedger.Read(Ledger).Damage?.Offset);
    }

    private long Length => new FileInfo(Ledger).Length;

    /// <summary>Where each record ends.</summary>
    private List<long> Ends()
    {
        using LedgerReader reader = LedgerReader.Open(Ledger);
        var ends = new List<long>();
        while (reader.Read() is not null) ends.Add(reader.End);
        return ends;
    }

    private static (long, int, long, int, int) Facts(StepApplied a) => (a.Step, a.Epoch, a.Version, a.Term, a.Generation);

    private static IEnumerable<(int, int, int, long)> Parts(StepApplied a) =>
        a.Contributions.Select(c => (c.FirstSlice, c.SliceCount, c.Worker, c.Staleness));

    [Fact]
    public void While_a_disk_is_full_records_wait_and_the_chain_holds_when_it_has_room_again()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 512);
        if (disk is null) return;
        var clock = new StoppedClock();
        string path = disk["ledger.bin"];
        using (LedgerWriter ledger = WrittenLedger.Open(path, 0, clock))
        {
            ledger.Apply(0..20);
            ledger.Flush();
            disk.Fill();
            // More than the buffer at the start, and tried again meanwhile.
            for (int step = 20; step < 3000; step++)
            {
                ledger.Apply(step);
                if (step % 500 == 0) clock.Advance(TimeSpan.FromSeconds(2));
            }
            UserException e = Assert.Throws<UserException>(ledger.Flush);
            Assert.Contains("ledger.bin", e.Message, StringComparison.Ordinal);
            Assert.Contains("bytes are needed there", e.Message, StringComparison.Ordinal);
            // As much as a kill would leave: whole records.
            (List<LedgerRecord> onDisk, LedgerDamage? torn) = WrittenLedger.Read(path);
            Assert.Null(torn);
            Assert.InRange(onDisk.Count, 21, 100);
            disk.Free();
            ledger.Flush();
            ledger.Apply(3000..3010);
        }
        Assert.Null(WrittenLedger.Read(path).Damage);
        Assert.Equal(Enumerable.Range(0, 3010).Select(s => (long)s), WrittenLedger.Steps(path));
    }

    [Fact]
    public void A_run_that_goes_back_while_the_disk_is_full_forgets_what_was_never_written()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 512);
        if (disk is null) return;
        string path = disk["ledger.bin"];
        using (LedgerWriter ledger = WrittenLedger.Open(path, 0))
        {
            ledger.Apply(0..20);
            ledger.Flush();
            disk.Fill();
            ledger.Apply(20..1500);
            ledger.GoBack(10);
            ledger.Apply(10..12);
            disk.Free();
        }
        Assert.Null(WrittenLedger.Read(path).Damage);
        Assert.Equal(Enumerable.Range(0, 12).Select(s => (long)s), WrittenLedger.Steps(path));
    }
}
