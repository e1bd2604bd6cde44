using DistBp.Protocol.Effects;
using System.Text.Json;
using DistBp.Cluster.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Storage;

public sealed class RunFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_run_without_a_folder_is_named_by_its_time()
    {
        var clock = new FixedClock();
        using RunFolder first = RunFolder.CreateNamed(_folder["runs"], "digits", clock);
        using RunFolder second = RunFolder.CreateNamed(_folder["runs"], "digits", clock);
        Assert.Equal(_folder["runs/digits-20261121-031415"], first.Paths.Folder);
        Assert.Equal(_folder["runs/digits-20261121-031415-2"], second.Paths.Folder);
        Assert.Equal(Path.Combine(first.Paths.Folder, "job.yaml"), first.Paths.Job);
    }

    [Fact]
    public void A_folder_with_files_is_refused_and_the_remedy_named()
    {
        File.WriteAllText(_folder["result.json"], "{}");
        UserException e = Assert.Throws<UserException>(() => RunFolder.CreateAt(_folder.Path));
        Assert.Equal(ErrorKind.Usage, e.Kind);
        Assert.Contains("it has result.json", e.Message, StringComparison.Ordinal);
        Assert.Contains(_folder.Path, e.Message, StringComparison.Ordinal);
        Assert.Contains("--resume", e.Message, StringComparison.Ordinal);
        RunFolder.Resume(_folder.Path).Dispose();
    }

    [Fact]
    public void An_empty_folder_and_one_with_a_lock_of_a_dead_process_are_taken()
    {
        RunFolder.CreateAt(_folder.Path).Dispose();
        File.WriteAllText(_folder[".lock"], "99999999");
        RunFolder.CreateAt(_folder.Path).Dispose();
        RunFolder.Resume(_folder.Path).Dispose();
    }

    [Fact]
    public void Two_at_once_are_refused_until_the_first_ends()
    {
        RunFolder first = RunFolder.CreateAt(_folder["run"]);
        UserException e = Assert.Throws<UserException>(() => RunFolder.Resume(_folder["run"]));
        Assert.Contains("another distbp", e.Message, StringComparison.Ordinal);
        Assert.Contains("another distbp", Assert.Throws<UserException>(() => RunFolder.CreateAt(_folder["run"])).Message, StringComparison.Ordinal);
        first.Dispose();
        RunFolder.Resume(_folder["run"]).Dispose();
    }

    [Fact]
    public void Who_takes_a_folder_over_from_one_that_may_wake_leaves_it_what_nobody_reads()
    {
        using RunFolder zombie = RunFolder.CreateAt(_folder["run"]);
        using var ledger = new StreamWriter(new FileStream(zombie.Paths.Ledger, FileMode.Create, FileAccess.ReadWrite, FileShare.Read));
        using EventLog events = EventLog.Open(zombie.Paths.Events, TimeProvider.System);
        ledger.Write("before ");
        ledger.Flush();
        events.Warning("before");
        using RunFolder next = RunFolder.Resume(_folder["run"], fences: true);
        File.AppendAllText(next.Paths.Ledger, "after");
        ledger.Write("late");
        ledger.Flush();
        events.Warning("late");
        zombie.Dispose();
        Assert.Equal("before after", File.ReadAllText(next.Paths.Ledger));
        Assert.Contains("before", Assert.Single(File.ReadAllLines(next.Paths.Events)), StringComparison.Ordinal);
        Assert.Contains("another distbp", Assert.Throws<UserException>(() => RunFolder.Resume(_folder["run"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_run_that_is_not_there_is_not_resumed_and_a_file_is_not_a_folder()
    {
        Assert.Contains("no run to resume", Assert.Throws<UserException>(() => RunFolder.Resume(_folder["x"])).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder["file"], "");
        Assert.Equal(ErrorKind.Usage, Assert.Throws<UserException>(() => RunFolder.CreateAt(_folder["file"])).Kind);
    }

    [Fact]
    public void A_result_comes_back_and_leaves_out_what_does_not_exist()
    {
        RunResult result = new(
            "r", RunStatus.StoppedEarly, 10, 2, 0.1 + 0.2, null, double.NaN, null, null, null, "ab", 5, 1.5, 2, 3, 1, 2, 4, 6, 7, 8, 0, 0);
        result.Save(_folder["result.json"]);
        Assert.Equal(result, RunResult.Load(_folder["result.json"]));
        using JsonDocument json = JsonDocument.Parse(File.ReadAllBytes(_folder["result.json"]));
        Assert.Equal(
            ["name", "status", "steps", "epochs", "trainLoss", "testLoss", "weightsSha256", "parameters", "samplesPerSecond", "secondsPerEpoch", "wallSeconds",
             "workers", "servers", "slices", "peakMemoryBytes", "bytesSentPerStep", "bytesReceivedPerStep", "restarts", "stepsLost"],
            json.RootElement.EnumerateObject().Select(p => p.Name));
        Assert.Equal("stopped-early", json.RootElement.GetProperty("status").GetString());
        Assert.Equal([_folder["result.json"]], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public void A_result_that_is_none_is_named()
    {
        File.WriteAllText(_folder["result.json"], "{\"name\": ");
        Assert.Contains(_folder["result.json"], Assert.Throws<UserException>(() => RunResult.Load(_folder["result.json"])).Message, StringComparison.Ordinal);
    }

    private sealed class FixedClock : TimeProvider
    {
        public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

        public override DateTimeOffset GetUtcNow() => new(2026, 11, 21, 3, 14, 15, TimeSpan.Zero);
    }
}
