using System.Globalization;
using System.Text.Json;
using DistBp.Cli.Tests.Clusters;
using DistBp.Tests.Shared;
using Xunit.Abstractions;

namespace DistBp.Cli.Tests.Akka;

/// <summary>Clusters whose members, losses and coordinator are Akka.Cluster's: the bits are those of one process, whoever is killed or leaves.</summary>
public sealed class AkkaClusterTests(ITestOutputHelper output) : IDisposable
{
    private const string All = "coordinator,worker,server";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [AkkaFact]
    public void Three_processes_train_the_bits_of_one()
    {
        string[] job = TrainedJobs.Digits(epochs: 4);
        using var cluster = new AkkaProcesses(_folder, most: 3);
        foreach (string name in (string[])["n0", "n1", "n2"]) cluster.Start(name, All);
        using CommandRun run = Begin(cluster, job);
        EndsWithTheReferenceBits(run, job, restarts: 0);
        Assert.Equal(3, SampleJobs.Result(_folder, "run").GetProperty("workers").GetInt32());
    }

    [AkkaFact]
    public void A_killed_singleton_is_replaced_and_nobody_restarts()
    {
        string[] job = TrainedJobs.Digits(epochs: 70);
        using var cluster = Surroundings.IsCI ? new AkkaProcesses(_folder, most: 4) : new AkkaProcesses(_folder, most: 4, pause: "1s");
        using CommandRun run = BeginWithStandby(cluster, job);
        run.WaitForLine("epoch 20/");
        cluster.Kill("c0");
        cluster["c1"].WaitForLine("the coordinator now, in its reign 2");
        cluster["c1"].WaitForLine("is taken over: all that took part are back");
        EndsWithTheReferenceBits(run, job, restarts: 1);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"longest time between two epochs: {LongestStall("run"):F2} s"));
        foreach (string node in (string[])["a", "b"]) Assert.Equal(1, cluster[node].Told.Split("takes part in job 1:").Length - 1);
    }

    [AkkaFact]
    public void A_killed_worker_and_a_killed_server_cost_no_step_and_no_bit()
    {
        string[] job = [.. TrainedJobs.Digits(epochs: 70), "--set", "replication=1", "--set", "slices=8"];
        using var cluster = new AkkaProcesses(_folder, most: 4);
        cluster.Start("n0", "coordinator,worker");
        foreach (string name in (string[])["n1", "n2", "n3"]) cluster.Start(name, name == "n1" ? "worker" : "worker,server");
        using CommandRun run = Begin(cluster, job);
        run.WaitForLine("epoch 10/");
        cluster.Kill("n1");
        run.WaitForLine("n1 (worker");
        // Akka.Cluster has taken it out by now: while it is a member still, though not to be reached, two of four are no majority.
        cluster["n0"].WaitForLine("UID is now quarantined");
        run.WaitForLine("epoch 30/");
        cluster.Kill("n3");
        run.WaitForLine("n3 (worker, server");
        EndsWithTheReferenceBits(run, job, restarts: 0);
    }

    [AkkaFact]
    public void A_node_that_is_told_to_go_leaves_and_a_coordinator_hands_its_reign_over()
    {
        string[] job = [.. TrainedJobs.Digits(epochs: 100), "--set", "slices=8"];
        using var cluster = new AkkaProcesses(_folder, most: 4);
        using CommandRun run = BeginWithStandby(cluster, job);
        run.WaitForLine("epoch 10/");
        cluster["b"].Signal("TERM");
        Assert.Equal(0, cluster["b"].Wait().ExitCode);
        cluster["c0"].Signal("TERM");
        Assert.Equal(0, cluster["c0"].Wait().ExitCode);
        cluster["c1"].WaitForLine("job digits-1 is taken over");
        EndsWithTheReferenceBits(run, job, restarts: 1);
        Assert.Contains("b (worker, server", run.Wait().Error, StringComparison.Ordinal);
    }

    [AkkaFact]
    public void A_coordinator_that_stood_still_and_was_replaced_has_no_say_any_more()
    {
        string[] job = TrainedJobs.Digits(epochs: 70);
        using var cluster = new AkkaProcesses(_folder, most: 4);
        using CommandRun run = BeginWithStandby(cluster, job);
        run.WaitForLine("epoch 20/");
        cluster["c0"].Signal("STOP");
        cluster["c1"].WaitForLine("is taken over: all that took part are back");
        cluster["c0"].Signal("CONT");
        CommandOutcome old = cluster["c0"].Wait();
        Assert.True(old.ExitCode == 5, old.Error);
        Assert.Contains("Akka.Cluster has taken this node out of the cluster", old.Error, StringComparison.Ordinal);
        EndsWithTheReferenceBits(run, job, restarts: 1);
    }

    private CommandRun Begin(AkkaProcesses cluster, string[] job) =>
        CommandRun.Start(_folder, [.. job, "--cluster", cluster.AddressOf("n0"), "--config", "n0.hocon", "--out", "run"]);

    /// <summary>c0 reigns, c1 stands by, a and b work; the client has named none of the coordinators.</summary>
    private CommandRun BeginWithStandby(AkkaProcesses cluster, string[] job)
    {
        cluster.Start("c0", "coordinator").WaitForLine("the coordinator now, in its reign 1");
        cluster.Start("c1", "coordinator");
        cluster.Start("a", "worker,server");
        cluster.Start("b", "worker,server");
        return CommandRun.Start(_folder, [.. job, "--cluster", cluster.AddressOf("a"), "--config", "n2.hocon", "--out", "run"]);
    }

    private void EndsWithTheReferenceBits(CommandRun run, string[] job, int restarts)
    {
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(TrainedJobs.Reference(_folder, job), SampleJobs.WeightsOf(_folder, "run"));
        JsonElement result = SampleJobs.Result(_folder, "run");
        Assert.Equal((restarts, 0), (result.GetProperty("restarts").GetInt32(), result.GetProperty("stepsLost").GetInt32()));
        CommandRun.Succeed(_folder, "audit", "run");
    }

    /// <returns>Seconds between two epochs, in which a takeover falls.</returns>
    private double LongestStall(string run)
    {
        DateTimeOffset[] times =
        [
            .. File.ReadLines(_folder.File($"{run}/events.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)
                .Where(e => e.GetProperty("event").GetString() == "epoch")
                .Select(e => DateTimeOffset.Parse(e.GetProperty("time").GetString()!, CultureInfo.InvariantCulture)),
        ];
        return times.Zip(times.Skip(1), (before, after) => (after - before).TotalSeconds).Max();
    }
}
