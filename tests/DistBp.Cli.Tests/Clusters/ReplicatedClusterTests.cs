using System.Text.Json;

namespace DistBp.Cli.Tests.Clusters;

/// <summary>Nodes with a worker and a server each, whose shards have copies: a server that is killed loses no step.</summary>
public sealed class ReplicatedClusterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("digits", 1, 2, true)]
    [InlineData("digits", 1, 3, false)]
    [InlineData("cnn", 1, 3, true)]
    [InlineData("cnn", 2, 3, false)]
    [InlineData("tokens", 1, 3, false)]
    [InlineData("tokens", 2, 3, true)]
    public void Copies_change_no_bit_in_any_number_of_processes(string name, int copies, int processes, bool sharedMemory)
    {
        string[] job = JobOf(name);
        string reference = TrainedJobs.Reference(_folder, job);
        CommandRun.Succeed(
            _folder, [.. job, "--set", $"replication={copies}", "--quiet", "--out", "run", "--processes", $"{processes}", .. TrainedJobs.Lane(_folder, sharedMemory)]);
        CommandRun.Succeed(_folder, "audit", "run");
        Assert.Equal(reference, SampleJobs.WeightsOf(_folder, "run"));
    }

    /// <summary>With the encodings the bits depend on how many workers there are, and not on copies.</summary>
    [Theory]
    [InlineData("wire={gradients: int8, parameters: bf16}", true)]
    [InlineData("wire={gradients: {topK: 0.1}, parameters: f16}", false)]
    public void Copies_change_no_bit_of_what_is_encoded(string wire, bool sharedMemory)
    {
        string[] job = [.. JobOf("cnn"), "--set", wire, .. TrainedJobs.Lane(_folder, sharedMemory)];
        CommandRun.Succeed(_folder, [.. job, "--quiet", "--out", "reference", "--processes", "3"]);
        CommandRun.Succeed(_folder, [.. job, "--quiet", "--out", "run", "--processes", "3", "--set", "replication=1"]);
        Assert.Equal(SampleJobs.WeightsOf(_folder, "reference"), SampleJobs.WeightsOf(_folder, "run"));
    }

    [Theory]
    [InlineData("digits", "n1", true)]
    [InlineData("digits", "n2", false)]
    [InlineData("cnn", "n3", false)]
    [InlineData("cnn", "n1", true)]
    public void A_node_that_is_killed_with_its_server_loses_no_step_and_no_bit(string name, string victim, bool sharedMemory)
    {
        string[] job = [.. LongJobOf(name), "--set", "replication=1"];
        using var cluster = Cluster(3, sharedMemory);
        using CommandRun run = Begin(cluster, job);
        cluster.Node(victim).Signal("KILL");
        Assert.Contains("2 workers and 2 servers", run.WaitForLine($"{victim} (worker"), StringComparison.Ordinal);
        EndsWithTheReferenceBits(run, job, generations: 2);
    }

    [Fact]
    public void A_server_and_then_the_one_that_backed_it_up_are_killed_and_no_step_is_lost()
    {
        string[] job = [.. LongJobOf("digits"), "--set", "replication=1"];
        using var cluster = Cluster(4, sharedMemory: false);
        using CommandRun run = Begin(cluster, job);
        foreach (string victim in (string[])["n1", "n2"])
        {
            cluster.Node(victim).Signal("KILL");
            run.WaitForLine($"{victim} (worker");
            // The shards have copies again once some steps are made: in an epoch there are more of them than a copy may lack.
            run.WaitForLine("epoch ");
            run.WaitForLine("epoch ");
        }
        EndsWithTheReferenceBits(run, job, generations: 3);
        // And it says so each time: they are filled while steps are made.
        int[] filling =
        [
            .. File.ReadLines(_folder.File("run/events.jsonl")).Select(l => JsonDocument.Parse(l).RootElement)
                .Where(e => e.GetProperty("event").GetString() == "copies").Select(e => e.GetProperty("filling").GetInt32()),
        ];
        Assert.True(filling is [> 0, .., 0], string.Join(", ", filling));
    }

    [Fact]
    public void Two_servers_that_are_killed_at_once_lose_no_step_where_there_are_two_copies()
    {
        string[] job = [.. LongJobOf("digits"), "--set", "replication=2", "--set", "checkpoint.everySteps=50"];
        using var cluster = Cluster(4, sharedMemory: true);
        using CommandRun run = Begin(cluster, job);
        cluster.Node("n2").Signal("KILL");
        cluster.Node("n3").Signal("KILL");
        run.WaitForLine("each shard has 1 copy");
        EndsWithTheReferenceBits(run, job, generations: 2);
    }

    [Fact]
    public void A_server_that_comes_after_one_was_killed_gets_its_part_and_its_copies()
    {
        // What comes and goes here takes a while, and all of it must fall into the run.
        string[] job = [.. TrainedJobs.Convolution(_folder, epochs: 100), "--set", "replication=1"];
        using var cluster = Cluster(2, sharedMemory: false);
        using CommandRun run = Begin(cluster, job);
        cluster.Node("n2").Signal("KILL");
        run.WaitForLine("replication 1 needs 2 servers, and there is one: its shard has no copy");
        // The run does not end before: its only worker stands still, for less than what makes it lost.
        cluster.Node("n1").Signal("STOP");
        cluster.Join("n4", "--roles", "worker,server");
        cluster.Node("n1").Signal("CONT");
        run.WaitForLine("n4 (worker");
        run.WaitForLine("epoch ");
        run.WaitForLine("epoch ");
        cluster.Node("n1").Signal("KILL");
        run.WaitForLine("n1 (worker");
        EndsWithTheReferenceBits(run, job, generations: 4);
    }

    [FashionFact]
    public void A_copy_costs_the_bytes_of_one_gradient_a_step()
    {
        string[] job = [.. TrainedJobs.FashionMlp(_folder), "--set", "epochs=1", "--quiet", "--processes", "2", .. TrainedJobs.Lane(_folder, sharedMemory: false)];
        CommandRun.Succeed(_folder, [.. job, "--out", "without"]);
        CommandRun.Succeed(_folder, [.. job, "--out", "with", "--set", "replication=1"]);
        JsonElement without = SampleJobs.Result(_folder, "without"), with = SampleJobs.Result(_folder, "with");
        // Each of two nodes sends the sum of its half to the other one.
        double copied = sizeof(float) * with.GetProperty("parameters").GetInt64() / 2.0;
        double more = with.GetProperty("bytesSentPerStep").GetDouble() - without.GetProperty("bytesSentPerStep").GetDouble();
        Assert.InRange(more, copied, copied * 1.01);
        Assert.Equal(without.GetProperty("weightsSha256").GetString(), with.GetProperty("weightsSha256").GetString());
    }

    private string[] JobOf(string name) => name switch
    {
        "digits" => TrainedJobs.Digits(epochs: 4),
        "cnn" => TrainedJobs.Convolution(_folder, epochs: 3),
        _ => ["train", SampleJobs.WriteTokens(_folder)],
    };

    /// <summary>Long enough that something can happen in the middle.</summary>
    private string[] LongJobOf(string name) => name == "digits" ? [.. TrainedJobs.Digits(epochs: 60), "--set", "slices=8"] : TrainedJobs.Convolution(_folder, epochs: 24);

    private RunningCluster Cluster(int nodes, bool sharedMemory)
    {
        var cluster = new RunningCluster(_folder, isPaced: true, flags: TrainedJobs.Lane(_folder, sharedMemory));
        for (int i = 1; i <= nodes; i++) cluster.Join($"n{i}", "--roles", "worker,server");
        return cluster;
    }

    private CommandRun Begin(RunningCluster cluster, string[] job)
    {
        CommandRun run = CommandRun.Start(_folder, [.. job, "--cluster", cluster.Address, "--out", "run"]);
        run.WaitForLine("epoch 3/");
        return run;
    }

    private void EndsWithTheReferenceBits(CommandRun run, string[] job, int generations)
    {
        CommandOutcome outcome = run.Wait();
        Assert.True(outcome.ExitCode == 0, outcome.Error);
        Assert.Equal(TrainedJobs.Reference(_folder, [.. job, "--set", "replication=0"]), SampleJobs.WeightsOf(_folder, "run"));
        Assert.Equal(0, SampleJobs.Result(_folder, "run").GetProperty("stepsLost").GetInt32());
        using JsonDocument audit = JsonDocument.Parse(CommandRun.Succeed(_folder, "audit", "run", "--json").Output);
        Assert.InRange(audit.RootElement.GetProperty("generations").GetInt32(), generations, 20);
    }
}
