using Akka.Actor;
using Akka.Remote;
using Akka.Remote.Transport;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Akka.Tests;

/// <summary>
/// Akka.Remote between the coordinator and the other nodes carries nothing any more, while gRPC does: the coordinator that Akka.Cluster has replaced could still reach
/// everybody.
/// </summary>
public sealed class PartitionTests
{
    [Fact]
    public async Task The_majority_goes_on_with_another_coordinator_and_the_bits_are_those_of_an_undisturbed_run()
    {
        JobDescription job = JobFile.Embedded(["epochs=60", "slices=4"]);
        await using AkkaNodes nodes = await AkkaNodes.StartAsync(NodeRoles.Worker);
        try
        {
            using ClusterClient client = nodes.Client(of: 1);
            (string id, _) = await client.SubmitAsync(job);
            var halfway = new EpochProbe(20);
            Task<RunResult> watching = client.WatchAsync(id, [halfway], events: null);
            await halfway.Reached.WaitAsync(AkkaNodes.Patience);
            await CutOffAsync(nodes, 0, 1, 2);
            await nodes.ToldAsync("n1: the coordinator now", "n2: the coordinator now");
            RunResult result = await watching.WaitAsync(AkkaNodes.Patience);
            Assert.Equal(await nodes.ReferenceAsync(job), result.WeightsSha256);
            Assert.Equal(1, result.Restarts);
            var out0 = await Assert.ThrowsAsync<UserException>(() => nodes.EndAsync(0));
            Assert.Contains("Akka.Cluster has taken this node out of the cluster", out0.Message, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is TimeoutException or UserException)
        {
            throw new InvalidOperationException(nodes.Told, e);
        }
    }

    private static async Task CutOffAsync(AkkaNodes nodes, int one, params int[] others)
    {
        foreach (int other in others)
        {
            foreach ((int from, int to) in ((int, int)[])[(one, other), (other, one)])
            {
                Assert.True(await ((IRemoteActorRefProvider)((ExtendedActorSystem)nodes.System(from)).Provider).Transport.ManagementCommand(
                    new SetThrottle(nodes.AddressOf(to), ThrottleTransportAdapter.Direction.Both, Blackhole.Instance)));
            }
        }
    }
}
