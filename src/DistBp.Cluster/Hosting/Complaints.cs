using DistBp.Cluster.Nodes;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;

namespace DistBp.Cluster.Hosting;

/// <summary>What a member tells the coordinator of a job outside of the training: a peer that it cannot reach, a failure of its own.</summary>
internal sealed class Complaints(NodeContext node, long job, PeerNode self)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public void Tell(PeerNode peer, RpcException why) => _ = SendAsync(peer.Name, peer.Incarnation, why.Detail);

    public async Task TellOfFailureAsync(Task failure)
    {
        await failure.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (failure.Exception?.InnerException is not { } cause) return;
        node.Tell($"job {job} fails here: {cause}");
        await SendAsync("", 0, $"{cause.GetType().Name}: {cause.Message}").ConfigureAwait(false);
    }

    private async Task SendAsync(string about, ulong incarnation, string reason)
    {
        try
        {
            using var channel = new GrpcChannel(CoordinatorAddress.Find(node.Configuration.Rendezvous).Uri, node.Limits);
            await channel.UnaryAsync(
                HostingMethods.Complain,
                new Complaint { Job = job, Node = self.Name, Incarnation = self.Incarnation, About = about, AboutIncarnation = incarnation, Reason = reason },
                node.Credentials.Metadata, Patience).ConfigureAwait(false);
        }
        catch (RpcException unheard)
        {
            // The coordinator that does not hear it loses this node, or is lost itself: membership tells.
            node.Tell($"the coordinator was not told that {(about.Length > 0 ? about : self.Name)} fails: {unheard.Detail}");
        }
    }
}
