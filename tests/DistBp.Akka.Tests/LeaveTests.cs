using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Membership;
using AkkaCluster = Akka.Cluster.Cluster;

namespace DistBp.Akka.Tests;

/// <summary>Another member, or an operator's tool, asks Akka.Cluster to let a node go.</summary>
public sealed class LeaveTests
{
    [Fact]
    public async Task A_node_that_Akka_Cluster_lets_go_hands_its_work_over_first_and_so_does_the_coordinator()
    {
        JobDescription job = JobFile.Embedded(["epochs=300", "slices=4"]);
        await using AkkaNodes nodes = await AkkaNodes.StartAsync(NodeRoles.Worker | NodeRoles.Server);
        try
        {
            using ClusterClient client = nodes.Client(of: 1);
            (string id, _) = await client.SubmitAsync(job);
            var begun = new EpochProbe(10);
            Task<RunResult> watching = client.WatchAsync(id, [begun], events: null);
            await begun.Reached.WaitAsync(AkkaNodes.Patience);
            AkkaCluster operators = AkkaCluster.Get(nodes.System(1));
            operators.Leave(nodes.AddressOf(2));
            await nodes.EndAsync(2);
            Assert.Contains("n0: n2 (worker, server at", nodes.Told, StringComparison.Ordinal);
            await nodes.ToldAsync("has left");
            Assert.False(watching.IsCompleted, "the run ended before the coordinator was let go: it must be longer");
            operators.Leave(nodes.AddressOf(0));
            await nodes.EndAsync(0);
            await nodes.ToldAsync("n1: the coordinator now");
            RunResult result = await watching.WaitAsync(AkkaNodes.Patience);
            Assert.Equal(await nodes.ReferenceAsync(job), result.WeightsSha256);
            // Without copies: a shard that had not been handed over would have cost steps.
            Assert.Equal((1, 0L), (result.Restarts, result.StepsLost));
            foreach (int gone in (int[])[0, 2]) Assert.Contains($"n{gone}: Akka.Cluster lets this node go", nodes.Told, StringComparison.Ordinal);
            Assert.DoesNotContain(") is lost", nodes.Told, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is TimeoutException or UserException or Xunit.Sdk.XunitException)
        {
            throw new InvalidOperationException(nodes.Told, e);
        }
    }
}
