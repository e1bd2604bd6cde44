using System.Diagnostics;
using System.Text.Json;
using DistBp.Tests.Shared;

namespace DistBp.Cli.Tests.Clusters;

/// <summary>Coordinators that etcd elects: one dies or stands still, another one goes on with what the members hold.</summary>
public sealed class ElectionTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [EtcdFact]
    public async Task A_standby_takes_over_from_a_coordinator_that_is_killed_without_a_step_or_a_worker_lost()
    {
        string[] job = TrainedJobs.Digits(epochs: 80);
        await using ElectedCluster cluster = await ElectedCluster.StartAsync(_folder, 3, ["a1", "b1"]);
        using CommandRun run = CommandRun.Start(_folder, [.. job, .. cluster.Here]);
        for (int kill = 0; kill < 2; kill++)
        {
            run.WaitForLine($"epoch {(kill + 1) * 20}/");
            cluster[$"c{kill}"].Kill();
            cluster[$"c{kill + 1}"].WaitForLine($"the coordinator now, in its reign {kill + 2}");
            cluster[$"c{kill + 1}"].WaitForLine("is taken over: all that took part are back");
        }
        CommandOutcome outcome = RequireSameBits(run, job, restarts: 2, cluster);
        Assert.Contains("answers again", outcome.Error, StringComparison.Ordinal);
        for (int epoch = 1; epoch <= 80; epoch++) Assert.Single(outcome.Error.Split('\n'), l => l.StartsWith($"epoch {epoch}/80", StringComparison.Ordinal));
        Assert.Contains("c2", CommandRun.Succeed(_folder, ["status", .. cluster.Config]).Output, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task A_coordinator_that_stood_still_for_longer_than_its_lease_has_no_effect_any_more_and_stands_by()
    {
        string[] job = TrainedJobs.Digits(epochs: 70);
        await using ElectedCluster cluster = await ElectedCluster.StartAsync(_folder, 2, ["a1", "b1"]);
        using CommandRun run = CommandRun.Start(_folder, [.. job, .. cluster.Here]);
        run.WaitForLine("epoch 20/");
        cluster["c0"].Signal("STOP");
        cluster["c1"].WaitForLine("is taken over: all that took part are back");
        run.WaitForLine("epoch 21/");
        cluster["c0"].Signal("CONT");
        cluster["c0"].WaitForLine("the coordinator no more, and standing by");
        cluster["c0"].WaitForLine("waiting behind the coordinator c1");
        RequireSameBits(run, job, restarts: 1, cluster);
        // And it is there when it is needed.
        cluster["c1"].Kill();
        cluster["c0"].WaitForLine("the coordinator now, in its reign 3");
        Assert.Contains("completed", CommandRun.Succeed(_folder, ["status", .. cluster.Config]).Output, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task An_etcd_that_loses_a_member_or_stands_still_for_less_than_the_lease_is_not_noticed()
    {
        // An etcd that has lost its leader elects another one within some two seconds, on a busy machine too.
        string[] job = TrainedJobs.Digits(epochs: 70);
        await using ElectedCluster cluster = await ElectedCluster.StartAsync(_folder, 2, ["a1", "b1"], lease: 10);
        using CommandRun run = CommandRun.Start(_folder, [.. job, .. cluster.Here]);
        run.WaitForLine("epoch 10/");
        await cluster.Etcd.KillAsync(0);
        run.WaitForLine("epoch 30/");
        Signal(cluster, ProcessSignal.Stop);
        await Task.Delay(TimeSpan.FromSeconds(1));
        Signal(cluster, ProcessSignal.Continue);
        RequireSameBits(run, job, restarts: 0, cluster);
        Assert.DoesNotContain("no more", cluster["c0"].Told, StringComparison.Ordinal);
    }

    [EtcdFact]
    public async Task A_coordinator_whose_etcd_is_away_for_longer_than_the_lease_steps_down_and_one_comes_back_with_it()
    {
        string[] job = TrainedJobs.Digits(epochs: 70);
        await using ElectedCluster cluster = await ElectedCluster.StartAsync(_folder, 1, ["a1", "b1"]);
        using CommandRun run = CommandRun.Start(_folder, [.. job, .. cluster.Here]);
        run.WaitForLine("epoch 20/");
        for (int i = 0; i < cluster.Etcd.Count; i++) await cluster.Etcd.KillAsync(i);
        cluster["c0"].WaitForLine("the coordinator no more, and standing by");
        for (int i = 0; i < cluster.Etcd.Count; i++) cluster.Etcd.Start(i);
        cluster["c0"].WaitForLine("the coordinator now, in its reign 2");
        cluster["c0"].WaitForLine("is taken over: all that took part are back");
        // On a busy machine an etcd that has just started may be too slow for the lease once more.
        RequireSameBits(run, job, restarts: 1, cluster, orMore: true);
    }

    [EtcdFact]
    public async Task A_coordinator_that_leaves_hands_its_job_to_the_next_one()
    {
        string[] job = TrainedJobs.Digits(epochs: 70);
        await using ElectedCluster cluster = await ElectedCluster.StartAsync(_folder, 2, ["a1", "b1"]);
        using CommandRun run = CommandRun.Start(_folder, [.. job, .. cluster.Here]);
        run.WaitForLine("epoch 10/");
        cluster["c0"].Signal("TERM");
        Assert.Equal(0, cluster["c0"].Wait().ExitCode);
        cluster["c1"].WaitForLine("is taken over: all that took part are back");
        RequireSameBits(run, job, restarts: 1, cluster);
    }

    [EtcdFact]
    public async Task Nodes_that_are_all_three_things_train_and_lose_the_one_that_leads_without_a_bit()
    {
        string[] job = [.. TrainedJobs.Digits(epochs: 70), "--set", "checkpoint.everySteps=50", "--set", "slices=4"];
        await using ElectedCluster cluster = await ElectedCluster.StartAsync(_folder, 0, []);
        string[] names = ["n0", "n1", "n2"];
        foreach (string name in names) cluster.Start(name, "--roles", "coordinator,worker,server", "--workers", "1").WaitForLine("joined the coordinator n0");
        using CommandRun run = CommandRun.Start(_folder, [.. job, "--set", "replication=1", .. cluster.Here]);
        run.WaitForLine("epoch 20/");
        foreach (string name in names) Assert.Contains("takes part in job 1: 1 worker, 1 server", cluster[name].Told, StringComparison.Ordinal);
        cluster["n0"].Kill();
        Assert.Contains("n0 not back", cluster["n1"].WaitForLine("is taken over"), StringComparison.Ordinal);
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(TrainedJobs.Reference(_folder, job), SampleJobs.WeightsOf(_folder, "run"));
        Assert.Equal(0, SampleJobs.Result(_folder, "run").GetProperty("stepsLost").GetInt32());
        CommandRun.Succeed(_folder, "audit", "run");
    }

    [EtcdFact]
    public async Task Who_asks_a_standby_is_told_where_the_coordinator_is()
    {
        await using ElectedCluster cluster = await ElectedCluster.StartAsync(_folder, 2, []);
        string[] at = [.. Enumerable.Range(0, 2).Select(i => cluster[$"c{i}"].Told.Split("listens on ")[1].Split(',')[0])];
        CommandRun.Run(_folder, ["status", "--cluster", at[1], .. cluster.Config]).ShouldFail(
            5, $"distbp: {at[1]}: this node is not the coordinator, which is now at {at[0]}", "--cluster etcd");
        Assert.Contains("c0", CommandRun.Succeed(_folder, ["status", "--cluster", at[0], .. cluster.Config]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_etcd_that_does_not_answer_is_named_with_what_to_do_within_a_bound()
    {
        int port = FreePorts.Find(1)[0];
        string[] config = ["--config", _folder.Write("nowhere.hocon", $$"""
            distbp {
              rendezvous { kind = etcd, etcd { endpoints = ["http://127.0.0.1:{{port}}"] } }
              failure-detector { heartbeat-interval = 50ms, acceptable-pause = 200ms }
            }

            """)];
        string[] told = ["distbp: distbp.rendezvous.etcd.endpoints: etcd ", $" at http://127.0.0.1:{port}", "is etcd running, with a majority of its members"];
        long begin = Stopwatch.GetTimestamp();
        CommandRun.Run(_folder, ["status", .. config]).ShouldFail(5, told);
        foreach (string roles in (string[])["coordinator", "worker"])
        {
            CommandOutcome node = CommandRun.Run(_folder, ["node", "--name", "x", "--roles", roles, "--listen", "127.0.0.1:0", "--state", $"state-{roles}", .. config]);
            node.ShouldFail(5, told);
        }
        Assert.InRange(Stopwatch.GetElapsedTime(begin), TimeSpan.Zero, TimeSpan.FromSeconds(60));
    }

    private static void Signal(ElectedCluster cluster, int signal)
    {
        for (int i = 0; i < cluster.Etcd.Count; i++) cluster.Etcd.Signal(i, signal);
    }

    private CommandOutcome RequireSameBits(CommandRun run, string[] job, int restarts, ElectedCluster cluster, bool orMore = false)
    {
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(TrainedJobs.Reference(_folder, job), SampleJobs.WeightsOf(_folder, "run"));
        JsonElement result = SampleJobs.Result(_folder, "run");
        int counted = result.GetProperty("restarts").GetInt32();
        if (orMore && counted > restarts) restarts = counted;
        Assert.Equal((restarts, 0), (result.GetProperty("restarts").GetInt32(), result.GetProperty("stepsLost").GetInt32()));
        using JsonDocument audit = JsonDocument.Parse(CommandRun.Succeed(_folder, "audit", "run", "--json").Output);
        Assert.Equal((0, restarts), (audit.RootElement.GetProperty("steps").GetProperty("repeated").GetInt32(), audit.RootElement.GetProperty("restarts").GetInt32()));
        foreach (string node in (string[])["a1", "b1"])
        {
            Assert.DoesNotContain("goes on without", cluster[node].Told, StringComparison.Ordinal);
            Assert.Equal(1, cluster[node].Told.Split("takes part in job 1:").Length - 1);
        }
        return outcome;
    }
}
