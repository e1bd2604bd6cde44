using System.Text.Json;

namespace DistBp.Cli.Tests;

public sealed class ClusterTests : IDisposable
{
    /// <summary>More than any machine trains before the signal comes.</summary>
    private const string Endless = "epochs=1000000";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_job_given_to_a_cluster_leaves_the_run_that_it_would_leave_here()
    {
        string job = SampleJobs.WriteIris(_folder);
        using var cluster = new RunningCluster(_folder, "coordinator,worker,server");
        cluster.Join("a1");
        CommandOutcome there = CommandRun.Succeed(_folder, "train", job, "--cluster", cluster.Address, "--out", "there", "--events", "-");
        Assert.Contains("epoch 20/20", there.Error, StringComparison.Ordinal);
        Assert.Contains("completed after 20 epochs", there.Error, StringComparison.Ordinal);
        Assert.Contains("\"event\":\"end\"", there.Output.TrimEnd().Split('\n')[^1], StringComparison.Ordinal);
        CommandRun.Succeed(_folder, "train", job, "--out", "here");
        Assert.Equal(SampleJobs.WeightsOf(_folder, "here"), SampleJobs.WeightsOf(_folder, "there"));
        CommandRun.Succeed(_folder, "evaluate", "there");
        Assert.NotEmpty(SampleJobs.Checkpoints(_folder, "there"));
    }

    [Fact]
    public void Jobs_queue_and_are_seen_and_cancelled()
    {
        using var cluster = new RunningCluster(_folder);
        cluster.Join("a1", "--roles", "worker");
        string job = SampleJobs.WriteIris(_folder);
        string[] at = ["--cluster", cluster.Address];
        Assert.Equal("iris-1\n", CommandRun.Succeed(_folder, ["train", job, "--set", Endless, "--detach", .. at]).Output);
        CommandOutcome second = CommandRun.Succeed(_folder, ["train", job, "--set", Endless, "--detach", .. at]);
        Assert.Equal("iris-2\n", second.Output);
        Assert.Contains("1 job before it", second.Error, StringComparison.Ordinal);
        cluster.Coordinator.WaitForLine("job iris-1 begins");
        using (JsonDocument status = JsonDocument.Parse(CommandRun.Succeed(_folder, ["status", "--json", .. at]).Output))
        {
            JsonElement root = status.RootElement;
            Assert.Equal(("distbp", "c0", cluster.Address), (Text(root, "cluster"), Text(root, "coordinator"), Text(root, "address")));
            JsonElement member = Assert.Single(root.GetProperty("members").EnumerateArray());
            Assert.Equal(("a1", "active", "worker"), (Text(member, "name"), Text(member, "state"), member.GetProperty("roles")[0].GetString()));
            Assert.Equal(["iris-1 running", "iris-2 waiting"], root.GetProperty("jobs").EnumerateArray().Select(j => $"{Text(j, "id")} {Text(j, "state")}"));
        }
        CommandRun.Succeed(_folder, ["cancel", "iris-2", .. at]);
        CommandRun.Succeed(_folder, ["cancel", "iris-1", .. at]);
        cluster.Coordinator.WaitForLine("job iris-1 has ended: interrupted");
        string table = CommandRun.Succeed(_folder, ["status", .. at]).Output;
        Assert.Matches(@"iris-1\s+interrupted", table);
        Assert.Matches(@"iris-2\s+cancelled", table);
        CommandRun.Run(_folder, ["cancel", "iris-3", .. at]).ShouldFail(2, "there is no job 'iris-3'");
    }

    [Fact]
    public void A_client_that_is_interrupted_ends_its_job_in_order()
    {
        using var cluster = new RunningCluster(_folder);
        cluster.Join("a1");
        using CommandRun client = CommandRun.Start(
            _folder, "train", SampleJobs.WriteIris(_folder), "--set", Endless, "--cluster", cluster.Address, "--out", "run");
        client.WaitForLine("epoch 1/");
        client.Signal("INT");
        CommandOutcome outcome = client.Wait();
        Assert.Equal(130, outcome.ExitCode);
        cluster.Coordinator.WaitForLine("job iris-1 has ended: interrupted");
        Assert.Equal("interrupted", SampleJobs.Result(_folder, "run").GetProperty("status").GetString());
        Assert.NotEmpty(SampleJobs.Checkpoints(_folder, "run"));
    }

    [Fact]
    public void What_is_wrong_with_a_job_is_told_to_who_gave_it()
    {
        using var cluster = new RunningCluster(_folder);
        cluster.Join("a1");
        string job = SampleJobs.WriteIris(_folder);
        string[] at = ["--cluster", cluster.Address];
        CommandRun.Run(_folder, ["train", job, "--set", "batc=2", .. at]).ShouldFail(2, "batch");
        CommandRun.Run(_folder, ["train", job, "--set", "data.train.path=nowhere.csv", .. at]).ShouldFail(3, "nowhere.csv");
        CommandOutcome diverged = CommandRun.Run(_folder, ["train", job, "--set", "optimizer={sgd: {rate: 1e30}}", "--set", "clip=null", .. at]);
        Assert.True(diverged.ExitCode == 4, diverged.Error);
        CommandRun.Succeed(_folder, ["train", job, .. at]);
        _folder.Write("taken", "x");
        Directory.CreateDirectory(_folder.File("full"));
        _folder.Write("full/file", "x");
        CommandRun.Run(_folder, ["train", job, "--out", "full", .. at]).ShouldFail(2, "full", "not empty");
    }

    [Fact]
    public void A_node_that_is_told_to_go_leaves_and_one_that_is_killed_is_lost()
    {
        using var cluster = new RunningCluster(_folder);
        CommandRun a = cluster.Join("a1"), b = cluster.Join("b1");
        a.Signal("TERM");
        Assert.Equal(0, a.Wait().ExitCode);
        Assert.Contains("1 member", cluster.Coordinator.WaitForLine("has left"), StringComparison.Ordinal);
        b.Signal("KILL");
        Assert.Contains("0 members", cluster.Coordinator.WaitForLine("b1 (worker, server at"), StringComparison.Ordinal);
        cluster.Coordinator.Signal("TERM");
        Assert.Equal(0, cluster.Coordinator.Wait().ExitCode);
    }

    [Fact]
    public void A_node_that_stands_still_is_lost_and_joins_again_when_it_goes_on()
    {
        using var cluster = new RunningCluster(_folder);
        CommandRun a = cluster.Join("a1");
        a.Signal("STOP");
        Assert.Contains("no heartbeat for", cluster.Coordinator.WaitForLine("is lost"), StringComparison.Ordinal);
        a.Signal("CONT");
        a.WaitForLine("joined the coordinator c0");
        cluster.Coordinator.WaitForLine("joined; 1 member");
    }

    [Fact]
    public void What_keeps_a_node_out_is_told_in_a_line_or_two()
    {
        using var cluster = new RunningCluster(_folder);
        cluster.Join("a1");
        string[] join = ["node", "--listen", "127.0.0.1:0", "--coordinator", cluster.Address];
        FailLate([.. join, "--name", "a1"], 2, "the name 'a1' is taken", "--name");
        CommandRun.Run(_folder, "node", "--name", "x", "--roles", "coordinator", "--listen", cluster.Address, "--state", "other")
            .ShouldFail(2, cluster.Address, "--listen");
        CommandRun.Run(_folder, "node", "--name", "x", "--roles", "coordinator", "--listen", "127.0.0.1:0")
            .ShouldFail(2, "another distbp is the coordinator with this state", "state/coordinator", "--state");
        CommandRun.Run(_folder, "node", "--name", "x", "--listen", "0.0.0.0:0", "--advertise", "x:1").ShouldFail(2, "distbp.cluster.secret", "DISTBP_SECRET");
        CommandRun.Run(_folder, "node", "--name", "x", "--listen", "127.0.0.1:5617", "--coordinator", "127.0.0.1:5617").ShouldFail(2, "distbp.node.roles");
        _folder.Write("other.hocon", "distbp { cluster { name = other } }");
        FailLate([.. join, "--config", "other.hocon"], 2, "'other'", "'distbp'");
        _folder.Write("secret.hocon", "distbp { cluster { secret = hunter22 } }");
        CommandOutcome secret = FailLate([.. join, "--config", "secret.hocon"], 2, "this cluster has no secret");
        Assert.DoesNotContain("hunter22", secret.Error, StringComparison.Ordinal);
        _folder.Write("impatient.hocon", "distbp { failure-detector { heartbeat-interval = 20ms, acceptable-pause = 100ms } }");
        FailLate(["node", "--listen", "127.0.0.1:0", "--coordinator", "127.0.0.1:1", "--config", "impatient.hocon"], 5, "127.0.0.1:1", "waited 1.5 s");
        _folder.Write("short.hocon", "distbp { rendezvous { kind = etcd, etcd { lease = 1s } } }");
        CommandRun.Run(_folder, "node", "--listen", "127.0.0.1:0", "--config", "short.hocon").ShouldFail(2, "distbp.rendezvous.etcd.lease", "at least 2 s");
        _folder.Write("tls.hocon", "distbp { tls { certificate = c.pem } }");
        CommandRun.Run(_folder, "node", "--config", "tls.hocon", "--listen", "127.0.0.1:0").ShouldFail(2, "TLS is not available");
        CommandRun.Run(_folder, "status", "--cluster", "127.0.0.1:1").ShouldFail(5, "127.0.0.1:1", "does not answer");
    }

    [Fact]
    public void A_secret_from_the_environment_opens_a_cluster_that_others_can_reach()
    {
        using CommandRun node = CommandRun.StartWith(
            "DISTBP_SECRET", "hunter22", _folder, "node", "--name", "c0", "--roles", "coordinator", "--listen", "0.0.0.0:0", "--advertise", "localhost:1");
        node.WaitForLine("listens on localhost:1");
        node.Signal("TERM");
        CommandOutcome outcome = node.Wait();
        Assert.Equal(0, outcome.ExitCode);
        Assert.DoesNotContain("hunter22", outcome.Error, StringComparison.Ordinal);
    }

    /// <summary>A node that has listened already when it learns what is wrong.</summary>
    private CommandOutcome FailLate(string[] arguments, int exitCode, params string[] words)
    {
        CommandOutcome outcome = CommandRun.Run(_folder, arguments);
        outcome.ShouldFail(exitCode, words);
        Assert.InRange(outcome.Error.TrimEnd('\n').Split('\n').Count(line => !line.Contains("listens on", StringComparison.Ordinal)), 1, 3);
        return outcome;
    }

    private static string Text(JsonElement e, string key) => e.GetProperty(key).GetString()!;
}
