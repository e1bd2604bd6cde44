using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Tests.Nodes;
using DistBp.Cluster.Tests.Runs;
using Xunit.Abstractions;

namespace DistBp.Cluster.Tests.Hosting;

/// <summary>Nodes die with their servers at moments that a seed draws: no step is lost, and no bit changes.</summary>
public sealed class ReplicatedRunTests(ITestOutputHelper output)
{
    [Theory]
    [InlineData(1, "adam", 1, false)]
    [InlineData(2, "batchNorm", 1, true)]
    [InlineData(3, "embedding", 1, false)]
    [InlineData(4, "cnn", 1, true)]
    public async Task One_after_the_other_dies_where_each_shard_has_a_copy(int seed, string name, int copies, bool sharedMemory) =>
        await TrainAsync(seed, name, copies, sharedMemory, atOnce: false);

    [Theory]
    [InlineData(5, "momentum", 2, false)]
    [InlineData(6, "embedding", 2, true)]
    public async Task Two_die_at_once_where_each_shard_has_two_copies(int seed, string name, int copies, bool sharedMemory) =>
        await TrainAsync(seed, name, copies, sharedMemory, atOnce: true);

    private async Task TrainAsync(int seed, string name, int copies, bool sharedMemory, bool atOnce)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        // Longer than the kills take: the others make a hundred epochs a second.
        int epochs = name is "cnn" or "embedding" ? 40 : 100;
        JobDescription job = SmallJobs.Of(SmallJobs.EveryOptimizer[name], $"epochs={epochs}", "schedule={constant: {}}");
        await using HostedCluster cluster = await HostedCluster.StartAsync(members: 4, sharedMemory);
        using ClusterClient client = cluster.Client();
        while ((await client.StatusAsync()).Members.Count < 4) await Task.Delay(5);
        (string id, _) = await client.SubmitAsync(job with { Replication = copies });
        using var probe = new RunProbe();
        Task<RunResult> watching = client.WatchAsync(id, [probe], null);
        int[] victims = [1, 2, 3, 4];
        random.Shuffle(victims);
        for (int i = 0; i < 2; i++)
        {
            if (i == 0 || !atOnce) await ReachAsync(probe, watching, EpochsOf(probe) + 2);
            await Task.Delay(random.Next(20));
            await cluster.KillAsync(victims[i]);
        }
        if (await Task.WhenAny(watching, Task.Delay(TestCluster.Patience)) != watching) Assert.Fail($"the run hangs: {string.Join('\n', probe.Warnings)}");
        RunResult result = await watching;
        Assert.Equal(0, result.StepsLost);
        Assert.Equal((await TestRun.WholeAsync(job)).Outcome, Outcome.Of(result));
    }

    private static async Task ReachAsync(RunProbe probe, Task watching, int epochs)
    {
        while (EpochsOf(probe) < epochs)
        {
            if (watching.IsCompleted)
            {
                await watching;
                Assert.Fail($"The run ended before all had died: it must be longer. It saw {EpochsOf(probe)} of the {epochs} epochs waited for.");
            }
            await Task.Delay(2);
        }
    }

    private static int EpochsOf(RunProbe probe) => probe.Epochs.Count;
}
