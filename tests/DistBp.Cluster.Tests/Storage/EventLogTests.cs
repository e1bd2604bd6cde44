using DistBp.Cluster.Tests.Actors;
using System.Text.Json;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Storage;

[Collection(AloneCollection.Name)]
public sealed class EventLogTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly StoppedClock _clock = new();

    private string Events => _folder["events.jsonl"];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Each_event_is_one_line_of_json_with_its_name_and_utc_time()
    {
        using (EventLog log = EventLog.Open(Events, _clock))
        {
            log.Step(new StepEvent(1, 0, double.PositiveInfinity, 0.1, double.NaN, 100));
            log.Epoch(new EpochEvent(0, 1, 1 / 3.0, null, 0.5, null, 0.1, 2, 100, 1));
            log.CheckpointSaved(1, "checkpoints/step-000000001", 0.25);
            log.Warning("a \"warning\"\nof two lines");
            log.End("completed", 1, "ab");
        }
        JsonElement[] lines = [.. File.ReadAllLines(Events).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Equal(["step", "epoch", "checkpoint", "warning", "end"], lines.Select(l => l.GetProperty("event").GetString()));
        Assert.All(lines, l => Assert.Equal("2026-11-21T03:14:15.5Z", l.GetProperty("time").GetString()));
        Assert.Equal("Infinity", lines[0].GetProperty("loss").GetString());
        Assert.Equal(1 / 3.0, lines[1].GetProperty("trainLoss").GetDouble());
        Assert.False(lines[1].TryGetProperty("trainAccuracy", out _));
        Assert.Equal("a \"warning\"\nof two lines", lines[3].GetProperty("message").GetString());
    }

    [Fact]
    public void Steps_wait_for_an_epoch_or_a_second_or_a_full_buffer()
    {
        using EventLog log = EventLog.Open(Events, _clock);
        log.Step(default);
        Assert.Equal(0, new FileInfo(Events).Length);
        _clock.Advance(TimeSpan.FromSeconds(1));
        log.Step(default);
        long afterSecond = new FileInfo(Events).Length;
        Assert.True(afterSecond > 0);
        int steps = 0;
        for (; new FileInfo(Events).Length == afterSecond; steps++) log.Step(default);
        Assert.InRange(steps, 100, 1000);
        log.Step(default);
        log.Warning("flushes");
        Assert.Equal(steps + 4, File.ReadAllLines(Events).Length);
    }

    [Theory]
    [InlineData("{\"event\": \"a\"}\n{\"event\": \"b\"}\n", 2)]
    [InlineData("{\"event\": \"a\"}\n{\"eve", 1)]
    [InlineData("{\"eve", 0)]
    [InlineData("", 0)]
    public void A_torn_last_line_is_cut_off_and_the_log_goes_on_after_it(string before, int whole)
    {
        File.WriteAllText(Events, before);
        using (EventLog log = EventLog.Open(Events, _clock)) log.Warning("resumed");
        string[] lines = File.ReadAllLines(Events);
        Assert.Equal(whole + 1, lines.Length);
        Assert.All(lines, l => JsonDocument.Parse(l).Dispose());
    }

    [Theory]
    [InlineData(4095)]
    [InlineData(4096)]
    [InlineData(4097)]
    [InlineData(20_000)]
    public void A_torn_line_longer_than_a_chunk_is_cut_off_too(int length)
    {
        File.WriteAllText(Events, "{}\n" + new string('x', length));
        using (EventLog log = EventLog.Open(Events, _clock)) Assert.Equal(3, new FileInfo(Events).Length);
    }

    [Fact]
    public void A_step_event_allocates_nothing()
    {
        using EventLog log = new(Stream.Null, "null", _clock, immediate: false);
        for (int i = 0; i < 1000; i++) log.Step(new StepEvent(i, 1, 0.5, 0.1, 2, 3000));
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++) log.Step(new StepEvent(i, 1, 0.5, 0.1, 2, 3000));
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_disk_that_is_full_at_the_start_is_a_user_error_and_a_device_is_written_to()
    {
        if (!File.Exists("/dev/full")) return;
        Assert.Contains("/dev/full", Assert.Throws<UserException>(() => EventLog.Open("/dev/full", _clock)).Message, StringComparison.Ordinal);
        using EventLog log = EventLog.Open("/dev/null", _clock);
        log.Warning("x");
        log.RequireWritten();
    }

    [Fact]
    public void While_a_disk_is_full_lines_wait_and_none_is_torn_or_lost()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 256);
        if (disk is null) return;
        using (EventLog log = EventLog.Open(disk["events.jsonl"], _clock))
        {
            log.Warning("first");
            disk.Fill(free: 4096);
            // More than a page: a part of it would fit.
            for (int i = 0; i < 100; i++) log.Warning($"while it is full {i}");
            Assert.Throws<UserException>(log.RequireWritten);
            disk.Free();
            log.Warning("after");
            log.RequireWritten();
        }
        string[] messages = [.. File.ReadAllLines(disk["events.jsonl"]).Select(l => JsonDocument.Parse(l).RootElement.GetProperty("message").GetString()!)];
        Assert.Equal(["first", .. Enumerable.Range(0, 100).Select(i => $"while it is full {i}"), "after"], messages);
    }

    [Fact]
    public void What_a_full_disk_refuses_for_too_long_is_lost_and_counted()
    {
        using SmallDisk? disk = SmallDisk.TryMount(kibibytes: 8192);
        if (disk is null) return;
        using (EventLog log = EventLog.Open(disk["events.jsonl"], _clock))
        {
            log.Warning("first");
            disk.Fill();
            for (int i = 0; i < 60; i++) log.Warning(new string('x', 100_000));
            disk.Free();
            for (int i = 0; i < 20; i++) log.Warning("after");
        }
        JsonElement[] lines = [.. File.ReadAllLines(disk["events.jsonl"]).Select(l => JsonDocument.Parse(l).RootElement)];
        Assert.Contains(lines, l => l.GetProperty("message").GetString()!.Contains("bytes of events are lost", StringComparison.Ordinal));
        Assert.Equal("after", lines[^1].GetProperty("message").GetString());
    }
}
