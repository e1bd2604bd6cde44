using System.Text.Json;

namespace DistBp.Cli.Tests.Clusters;

/// <summary>Two nodes with a server and three with a worker: who comes, goes or dies in the middle changes no bit.</summary>
public sealed class ChangingClusterTests : IDisposable
{
    /// <summary>So many slices that every worker has some.</summary>
    private static readonly string[] Digits = [.. TrainedJobs.Digits(epochs: 30), "--set", "slices=8"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_worker_that_joins_and_one_that_leaves_change_no_bit_of_digits(bool sharedMemory) =>
        TrainWhileWorkersComeAndGo(Digits, sharedMemory);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_worker_that_joins_and_one_that_leaves_change_no_bit_of_a_convolution(bool sharedMemory) =>
        TrainWhileWorkersComeAndGo(TrainedJobs.Convolution(_folder, epochs: 60), sharedMemory);

    [Fact]
    public void A_server_that_leaves_hands_its_shard_over_and_one_that_joins_takes_its_part()
    {
        string[] job = Digits;
        using var cluster = Cluster(sharedMemory: false);
        using CommandRun run = Begin(cluster, job);
        Held(cluster, () => Server(cluster, "s3"));
        run.WaitForLine("s3 (server");
        StepOn(run);
        cluster.Node("s1").Signal("TERM");
        Assert.Equal(0, cluster.Node("s1").Wait().ExitCode);
        EndsWithTheReferenceBits(run, job);
        Assert.Equal(0, SampleJobs.Result(_folder, "run").GetProperty("stepsLost").GetInt32());
        Assert.InRange(Audit(), 3, 20);
    }

    [Fact]
    public void A_worker_that_is_killed_loses_no_step()
    {
        string[] job = Digits;
        using var cluster = Cluster(sharedMemory: true);
        using CommandRun run = Begin(cluster, job);
        cluster.Node("w2").Signal("KILL");
        Assert.Contains("2 workers and 2 servers", run.WaitForLine("w2 (worker"), StringComparison.Ordinal);
        EndsWithTheReferenceBits(run, job);
        Assert.Equal(0, SampleJobs.Result(_folder, "run").GetProperty("stepsLost").GetInt32());
        Assert.InRange(Audit(), 2, 20);
    }

    [Fact]
    public void A_server_that_is_killed_costs_the_way_back_to_the_checkpoint_and_no_bit()
    {
        string[] job = [.. Digits, "--set", "checkpoint.everySteps=100"];
        using var cluster = Cluster(sharedMemory: false);
        using CommandRun run = Begin(cluster, job, "epoch 6/");
        cluster.Node("s2").Signal("KILL");
        run.WaitForLine("s2 (server");
        EndsWithTheReferenceBits(run, job);
        Assert.InRange(SampleJobs.Result(_folder, "run").GetProperty("stepsLost").GetInt32(), 0, 200);
        Assert.InRange(Audit(), 2, 20);
    }

    [Fact]
    public void A_run_of_a_cluster_is_gone_on_with_by_processes()
    {
        // Of a schedule that does not depend on the number of epochs: with more of them it is the same job.
        string[] endless = TrainedJobs.Convolution(_folder, epochs: 1_000_000);
        using (var cluster = Cluster(sharedMemory: true))
        using (CommandRun run = Begin(cluster, endless))
        {
            run.Signal("INT");
            Assert.Equal(130, run.Wait().ExitCode);
        }
        int epochs = SampleJobs.Result(_folder, "run").GetProperty("epochs").GetInt32() + 2;
        CommandRun.Succeed(_folder, "train", "--resume", "--out", "run", "--set", $"epochs={epochs}", "--processes", "2", "--quiet");
        Assert.Equal(TrainedJobs.Reference(_folder, TrainedJobs.Convolution(_folder, epochs)), SampleJobs.WeightsOf(_folder, "run"));
        Audit();
    }

    private void TrainWhileWorkersComeAndGo(string[] job, bool sharedMemory)
    {
        using var cluster = Cluster(sharedMemory);
        using CommandRun run = Begin(cluster, job);
        Held(cluster, () => Worker(cluster, "w4"));
        Assert.Contains("4 workers and 2 servers", run.WaitForLine("w4 (worker"), StringComparison.Ordinal);
        StepOn(run);
        cluster.Node("w1").Signal("TERM");
        CommandOutcome left = cluster.Node("w1").Wait();
        Assert.True(left.ExitCode == 0, left.Error);
        EndsWithTheReferenceBits(run, job);
        Assert.Equal(0, SampleJobs.Result(_folder, "run").GetProperty("stepsLost").GetInt32());
        Assert.InRange(Audit(), 3, 20);
    }

    private RunningCluster Cluster(bool sharedMemory)
    {
        string[] lane = TrainedJobs.Lane(_folder, sharedMemory);
        var cluster = new RunningCluster(_folder, isPaced: true, flags: lane);
        foreach (string server in (string[])["s1", "s2"]) Server(cluster, server);
        foreach (string worker in (string[])["w1", "w2", "w3"]) Worker(cluster, worker);
        return cluster;
    }

    private static void Server(RunningCluster cluster, string name) => cluster.Join(name, "--roles", "server");

    private static void Worker(RunningCluster cluster, string name) => cluster.Join(name, "--roles", "worker");

    private CommandRun Begin(RunningCluster cluster, string[] job, string until = "epoch 2/")
    {
        CommandRun run = CommandRun.Start(_folder, [.. job, "--cluster", cluster.Address, "--out", "run"]);
        run.WaitForLine(until);
        return run;
    }

    /// <summary>A worker stands still meanwhile, for less than what makes it lost: the run does not end before.</summary>
    private static void Held(RunningCluster cluster, Action action)
    {
        cluster.Node("w3").Signal("STOP");
        action();
        cluster.Node("w3").Signal("CONT");
    }

    /// <summary>Until steps were made by those who are there now: two changes at once would be one generation. What is told first may be of before: reports of steps wait for each other.</summary>
    private static void StepOn(CommandRun run)
    {
        for (int epoch = 0; epoch < 5; epoch++) run.WaitForLine("epoch ");
    }

    private void EndsWithTheReferenceBits(CommandRun run, string[] job)
    {
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(TrainedJobs.Reference(_folder, job), SampleJobs.WeightsOf(_folder, "run"));
    }

    /// <returns>Generations that the steps were made in; every sample was applied exactly once an epoch.</returns>
    private int Audit()
    {
        using JsonDocument audit = JsonDocument.Parse(CommandRun.Succeed(_folder, "audit", "run", "--json").Output);
        return audit.RootElement.GetProperty("generations").GetInt32();
    }
}
