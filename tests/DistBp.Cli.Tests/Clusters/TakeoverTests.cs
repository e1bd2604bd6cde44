using System.Diagnostics;
using System.Text.Json;

namespace DistBp.Cli.Tests.Clusters;

/// <summary>The coordinator is killed in the middle of a run, and started again on its state: the run goes on from where its members are.</summary>
public sealed class TakeoverTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_coordinator_that_is_killed_and_comes_back_restarts_no_worker_and_costs_no_step()
    {
        string[] job = TrainedJobs.Digits(epochs: 80);
        using var cluster = new RunningCluster(_folder, isPaced: true, flags: TrainedJobs.Lane(_folder, sharedMemory: true));
        CommandRun a = cluster.Join("a1"), b = cluster.Join("b1");
        using CommandRun run = CommandRun.Start(_folder, [.. job, "--cluster", cluster.Address, "--out", "run"]);
        Stopwatch? underWay = null;
        for (int kill = 1; kill <= 2; kill++)
        {
            // Step 506, then 1,012: members were told to go on to the checkpoint at 1,000, then 1,500.
            run.WaitForLine($"epoch {kill * 22}/");
            underWay ??= Stopwatch.StartNew();
            cluster.RestartCoordinator();
            cluster.Coordinator.WaitForLine("is taken over: all that took part are back");
        }
        double leastSeconds = underWay!.Elapsed.TotalSeconds;
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Contains("answers again", outcome.Error, StringComparison.Ordinal);
        for (int epoch = 1; epoch <= 80; epoch++) Assert.Single(outcome.Error.Split('\n'), l => l.StartsWith($"epoch {epoch}/80", StringComparison.Ordinal));
        Assert.Equal(TrainedJobs.Reference(_folder, job), SampleJobs.WeightsOf(_folder, "run"));
        JsonElement result = SampleJobs.Result(_folder, "run");
        Assert.True(result.GetProperty("wallSeconds").GetDouble() >= leastSeconds);
        Assert.Equal((2, 0), (result.GetProperty("restarts").GetInt32(), result.GetProperty("stepsLost").GetInt32()));
        (int Epoch, double Seconds)[] epochs = [.. File.ReadLines(_folder.File("run/events.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)
            .Where(e => e.GetProperty("event").GetString() == "epoch").Select(e => (e.GetProperty("epoch").GetInt32(), e.GetProperty("seconds").GetDouble()))];
        Assert.Equal(Enumerable.Range(1, 80), epochs.Select(e => e.Epoch));
        // Members have made their steps meanwhile, with no coordinator: of epochs that were over before there was another one nobody has taken the time.
        int[] without = [.. epochs.Where(e => e.Seconds == 0).Select(e => e.Epoch)];
        foreach (int kill in (int[])[22, 44]) Assert.Contains(without, epoch => epoch > kill && epoch <= kill + 22);
        using JsonDocument audit = JsonDocument.Parse(CommandRun.Succeed(_folder, "audit", "run", "--json").Output);
        Assert.Equal((0, 2), (audit.RootElement.GetProperty("steps").GetProperty("repeated").GetInt32(), audit.RootElement.GetProperty("restarts").GetInt32()));
        foreach (CommandRun node in (CommandRun[])[a, b])
        {
            Assert.DoesNotContain("goes on without", node.Told, StringComparison.Ordinal);
            Assert.Equal(1, node.Told.Split("takes part in job 1:").Length - 1);
        }
    }

    [Fact]
    public void A_node_that_is_killed_while_there_is_no_coordinator_costs_the_way_back_to_the_last_checkpoint_and_no_bit()
    {
        string[] job = [.. TrainedJobs.Digits(epochs: 60), "--set", "checkpoint.everySteps=50"];
        using var cluster = new RunningCluster(_folder, isPaced: true, flags: TrainedJobs.Lane(_folder, sharedMemory: false, pause: 6));
        cluster.Join("a1");
        CommandRun b = cluster.Join("b1");
        using CommandRun run = CommandRun.Start(_folder, [.. job, "--cluster", cluster.Address, "--out", "run"]);
        run.WaitForLine("epoch 20/");
        cluster.RestartCoordinator(() =>
        {
            b.Signal("KILL");
            b.Wait();
        });
        Assert.Contains("b1 not back", cluster.Coordinator.WaitForLine("is taken over"), StringComparison.Ordinal);
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(TrainedJobs.Reference(_folder, job), SampleJobs.WeightsOf(_folder, "run"));
        CommandRun.Succeed(_folder, "audit", "run");
    }
}
