using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Storage;
using DistBp.Learning;

namespace DistBp.Cluster.Tests.Runs;

public sealed class ReplicationRunTests
{
    [Theory]
    [InlineData("adam")]
    [InlineData("momentum")]
    [InlineData("cnn")]
    [InlineData("regularized")]
    [InlineData("embedding")]
    [InlineData("lstm")]
    public async Task Copies_change_no_bit(string name)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name]);
        Outcome expected = (await TestRun.WholeAsync(job)).Outcome;
        foreach ((int workers, int servers, int copies) in new[] { (1, 2, 1), (2, 3, 1), (2, 3, 2), (3, 5, 2) })
        {
            (Outcome outcome, RunProbe probe) = await TestRun.WholeAsync(job with { Replication = copies }, workers, servers);
            Assert.Equal((workers, servers, copies, expected), (workers, servers, copies, outcome));
            Assert.DoesNotContain(probe.Warnings, w => w.Contains("replication", StringComparison.Ordinal));
        }
    }

    [Theory]
    [InlineData("batchNorm", "wire={gradients: int8, parameters: bf16}")]
    [InlineData("adam", "wire={gradients: {topK: 0.05}, parameters: f16}")]
    [InlineData("embedding", "wire={gradients: bf16, parameters: bf16}")]
    public async Task Copies_change_no_bit_of_what_is_encoded(string name, string wire)
    {
        JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name], wire);
        Outcome expected = (await TestRun.WholeAsync(job, 2, 3)).Outcome;
        Assert.Equal(expected, (await TestRun.WholeAsync(job with { Replication = 1 }, 2, 3)).Outcome);
        Assert.Equal(expected, (await TestRun.WholeAsync(job with { Replication = 2 }, 2, 3)).Outcome);
    }

    [Fact]
    public async Task A_run_with_copies_is_interrupted_and_gone_on_with_by_others_and_without()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.StopsEarly);
        Outcome expected = (await TestRun.WholeAsync(job)).Outcome;
        Assert.Equal("StoppedEarly", expected.Status);
        using var run = new TestRun();
        JobDescription copied = job with { Replication = 2 };
        Outcome piece = await run.TrainInPiecesAsync(copied, [(5, 2, 3), (3 * SmallJobs.StepsPerEpoch, 1, 4)], last: (2, 2));
        Assert.Equal(expected, piece);
        Assert.Contains("replication: 2", File.ReadAllText(run.Paths.Job), StringComparison.Ordinal);
        using var other = new TestRun();
        await other.TrainInPiecesAsync(copied, [(5, 2, 3)], last: (1, 1));
        Assert.Equal(expected, Outcome.Of(RunResult.Load(other.Paths.Result)));
    }

    [Theory]
    [InlineData(1, 1, "replication 1 needs 2 servers, and there is one: its shard has no copy")]
    [InlineData(2, 2, "replication 2 needs 3 servers, and there are 2: each shard has 1 copy")]
    public async Task A_run_with_too_few_servers_for_its_copies_says_so_once(int copies, int servers, string warning)
    {
        (_, RunProbe probe) = await TestRun.WholeAsync(SmallJobs.Of(SmallJobs.Adam) with { Replication = copies, Epochs = 1 }, 1, servers);
        Assert.Equal([warning], probe.Warnings);
    }

    [Fact]
    public async Task A_shard_that_is_not_what_its_copy_is_ends_the_run_at_the_checkpoint()
    {
        JobDescription job = SmallJobs.Of(SmallJobs.Adam, "replication=1", "checkpoint.everySteps=5");
        using var folder = new TemporaryFolder();
        TrainingMemory? memory = null;
        var variant = new SessionVariant
        {
            Cluster = session =>
            {
                memory = session.Memory;
                return new LocalCluster(session.Memory, session.Plan, session.Reporter, workers: 2, servers: 3);
            },
        };
        using var probe = new RunProbe { AtStep = (7, () => memory!.Parameters.Span[^1] += 1) };
        var options = new TrainingOptions { Workers = 2, Servers = 3, OutFolder = folder["run"] };
        var failed = await Assert.ThrowsAsync<UserException>(() => TrainingSession.RunAsync(job, options, variant, [probe], CancellationToken.None));
        Assert.Equal(ErrorKind.Cluster, failed.Kind);
        Assert.Contains("the parameters of server 2 and their copies differ at step 10 (server ", failed.Message, StringComparison.Ordinal);
        Assert.Equal([5L], probe.Checkpoints.Select(c => c.Step));
    }
}
