using DistBp.Cluster.Storage;

namespace DistBp.Cli.Tests;

/// <summary>A process that does little but write checkpoints is killed at random moments, and goes on each time.</summary>
public sealed class KilledWritingTests : IDisposable
{
    private const int Kills = 100;

    /// <summary>Runs that are killed side by side, each in a folder of its own: most of a life is the start of a process.</summary>
    private const int Lanes = 2;
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task A_hundred_kills_leave_a_loadable_newest_checkpoint_each_time_and_the_same_bits_at_the_end()
    {
        int seed = Environment.TickCount;
        string job = SampleJobs.WriteIris(_folder, "checkpoint: {everySteps: 1, keep: 2}");
        (long End, int InTheMiddle)[] lanes = await Task.WhenAll(Enumerable.Range(0, Lanes).Select(lane => Task.Run(() => KillAndResumeAsync(job, lane, seed))));
        int inTheMiddle = lanes.Sum(lane => lane.InTheMiddle);
        Assert.True(inTheMiddle >= Kills / 5, $"seed {seed}: only {inTheMiddle} kills fell into the writing of a checkpoint");
        foreach ((int lane, (long end, _)) in lanes.Index())
        {
            string epochs = $"epochs={(end / 8) + 2}";
            CommandRun.Succeed(_folder, "train", "--resume", "--out", $"run{lane}", "--set", epochs, "--workers", "3");
            CommandRun.Succeed(_folder, "train", job, "--out", $"whole{lane}", "--set", epochs, "--set", "checkpoint.everySteps=100000");
            Assert.Equal(SampleJobs.WeightsOf(_folder, $"whole{lane}"), SampleJobs.WeightsOf(_folder, $"run{lane}"));
            CommandRun.Succeed(_folder, "audit", $"run{lane}");
        }
    }

    /// <returns>The step of the last checkpoint, and how many kills left one behind that was half written.</returns>
    private async Task<(long End, int InTheMiddle)> KillAndResumeAsync(string job, int lane, int seed)
    {
        var random = new Random(seed + lane);
        string run = $"run{lane}", checkpoints = _folder.File($"{run}/checkpoints");
        long last = 0;
        int inTheMiddle = 0;
        for (int kill = 0; kill < Kills / Lanes; kill++)
        {
            string[] how = kill == 0 ? [job] : ["--resume"];
            using CommandRun process = CommandRun.Start(
                _folder, ["train", .. how, "--out", run, "--set", "epochs=1000000", "--events", _folder.File($"events{lane}"), "--workers", "1"]);
            process.WaitForLine("epoch ");
            await Task.Delay(TimeSpan.FromMilliseconds(random.Next(20)));
            WaitForWriting(checkpoints);
            Thread.SpinWait(random.Next(100_000));
            process.Kill();
            Assert.Equal(137, process.Wait().ExitCode);
            if (Directory.GetDirectories(checkpoints, ".writing-*").Length > 0) inTheMiddle++;
            CheckpointSearch search = CheckpointStore.OpenForReading(checkpoints).FindNewestIntact();
            Assert.True(search.Checkpoint is not null && search.Damaged.Count == 0, $"seed {seed}, lane {lane}, kill {kill}: {search}");
            Assert.True(search.Checkpoint.Position.Step >= last, $"seed {seed}, lane {lane}, kill {kill}: from step {last} back to {search.Checkpoint.Position.Step}");
            last = search.Checkpoint.Position.Step;
        }
        return (last, inTheMiddle);
    }

    /// <summary>Checkpoints follow each other without a pause: until one is being written.</summary>
    private static void WaitForWriting(string checkpoints)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (!Directory.EnumerateDirectories(checkpoints, ".writing-*").Any()) Assert.False(patience.IsCancellationRequested, "no checkpoint is written");
    }
}
