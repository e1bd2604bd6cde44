namespace DistBp.Cli.Tests.Clusters;

/// <summary>What goes wrong around a cluster: who is wrong is told in a few lines, and the others go on.</summary>
public sealed class BrokenClusterTests : IDisposable
{
    private const string Endless = "epochs=1000000";
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("0")]
    [InlineData("-1")]
    [InlineData("1000")]
    [InlineData("two")]
    public void A_number_of_processes_that_cannot_be_is_wrong_usage(string processes) =>
        CommandRun.Run(_folder, "train", "--processes", processes).ShouldFail(2, "--processes", processes);

    [Theory]
    [InlineData("")]
    [InlineData("cook")]
    public void A_node_without_a_role_that_there_is_does_not_start(string roles) =>
        CommandRun.Run(_folder, "node", "--listen", "127.0.0.1:0", "--roles", roles).ShouldFail(2, "roles");

    [Fact]
    public void A_coordinator_that_is_killed_ends_the_client_with_5_and_its_nodes_when_it_does_not_come_back()
    {
        string impatient = _folder.Write("impatient.hocon", "distbp {\n failure-detector { heartbeat-interval = 20ms, acceptable-pause = 200ms }\n}\n");
        using var cluster = new RunningCluster(_folder, flags: ["--config", impatient]);
        CommandRun node = cluster.Join("a1");
        using CommandRun client = CommandRun.Start(_folder, "train", SampleJobs.WriteIris(_folder), "--set", Endless, "--cluster", cluster.Address, "--config", impatient);
        client.WaitForLine("epoch 1/");
        cluster.Coordinator.Signal("KILL");
        CommandOutcome told = client.Wait();
        Assert.True(told.ExitCode == 5, told.Error);
        Assert.Contains(cluster.Address, told.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", told.Error, StringComparison.Ordinal);
        CommandOutcome left = node.Wait();
        Assert.True(left.ExitCode == 5, left.Error);
        Assert.DoesNotContain("   at ", left.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_client_that_is_killed_takes_nothing_with_it()
    {
        using var cluster = new RunningCluster(_folder);
        cluster.Join("a1");
        string job = SampleJobs.WriteIris(_folder);
        using (CommandRun client = CommandRun.Start(_folder, "train", job, "--set", Endless, "--cluster", cluster.Address))
        {
            client.WaitForLine("epoch 1/");
            client.Signal("KILL");
            client.Wait();
        }
        Assert.Matches(@"iris-1\s+running", CommandRun.Succeed(_folder, "status", "--cluster", cluster.Address).Output);
        CommandRun.Succeed(_folder, "cancel", "iris-1", "--cluster", cluster.Address);
        cluster.Coordinator.WaitForLine("job iris-1 has ended: interrupted");
    }

    [Fact]
    public void A_watched_status_is_told_again_and_again_until_the_coordinator_goes()
    {
        using var cluster = new RunningCluster(_folder);
        string impatient = _folder.Write("impatient.hocon", "distbp {\n failure-detector { heartbeat-interval = 20ms, acceptable-pause = 200ms }\n}\n");
        using CommandRun watch = CommandRun.Start(_folder, "status", "--watch", "--json", "--cluster", cluster.Address, "--config", impatient);
        cluster.Join("a1");
        using var pause = new ManualResetEventSlim();
        pause.Wait(TimeSpan.FromSeconds(3));
        cluster.Coordinator.Signal("KILL");
        CommandOutcome outcome = watch.Wait();
        Assert.Equal(5, outcome.ExitCode);
        Assert.Contains("\"a1\"", outcome.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", outcome.Error, StringComparison.Ordinal);
    }
}
