using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Storage;
using DistBp.Protocol.Membership;

namespace DistBp.Akka.Tests;

public sealed class LaneTests
{
    [Fact]
    public async Task Control_words_go_over_Akka_Remote_and_the_bits_are_those_of_one_process()
    {
        JobDescription job = JobFile.Embedded(["epochs=10", "slices=4", "data.validation=0.1"]);
        await using AkkaNodes nodes = await AkkaNodes.StartAsync(NodeRoles.Worker | NodeRoles.Server);
        ulong[] before = Sent(nodes);
        using ClusterClient client = nodes.Client(of: 1);
        (string id, _) = await client.SubmitAsync(job);
        RunResult result = await client.WatchAsync(id, [], events: null).WaitAsync(AkkaNodes.Patience);
        ulong[] sent = [.. Sent(nodes).Zip(before, (after, b) => after - b)];
        // Each was enlisted and introduced, and has stopped after each epoch, for its evaluation.
        Assert.All(sent, s => Assert.True(s > 12, $"{string.Join(", ", sent)} pieces"));
        Assert.Equal(await nodes.ReferenceAsync(job), result.WeightsSha256);
    }

    /// <summary>To the coordinator, from each node.</summary>
    private static ulong[] Sent(AkkaNodes nodes) => [.. Enumerable.Range(0, 3).Select(n => nodes.Lanes(n).ToCoordinator()!.Sent)];
}
