using DistBp.Cluster.Nodes;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;
using DistBp.Protocol;
using Contract = DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Hosting;

/// <summary>What a member tells the coordinator of a job outside of the training: a peer that it cannot reach, a failure of its own.</summary>
/// <param name="term">Of the coordinator that the node keeps to.</param>
internal sealed class Complaints(NodeContext node, long job, PeerNode self, Func<long> term)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public void Tell(PeerNode peer, RpcException why) => _ = SendAsync(peer, why.Detail);

    /// <summary>
    /// The link to the coordinator itself carries no more. Where the coordinator is gone, the one after it asks for all that matters; where it is there still, it
    /// has missed what this node's members have told it, and must go on without them.
    /// </summary>
    public void TellOfCoordinator(PeerNode coordinator, RpcException why)
    {
        node.Tell($"{why.Detail}: what members of job {job} tell the coordinator until one is there again is dropped, for that one asks for it");
        _ = SendAsync(self, $"its link to {coordinator.Name} broke: {why.Detail}", (long)coordinator.Incarnation);
    }

    /// <summary>
    /// A peer is in a newer generation than this node sends in. The coordinator is about to say so here as well, or that this node is lost; where it says nothing,
    /// whoever keeps this node should know.
    /// </summary>
    public async Task TellOfFenceAsync(PeerNode peer, Contract.Fence fence, Func<Generation> newest)
    {
        await Task.Delay(node.Configuration.FailureDetector.AcceptablePause).ConfigureAwait(false);
        if (newest() >= fence.Newest.ToProtocol()) return;
        node.Warn(
            $"{peer.Name} is in generation {fence.Newest.ToProtocol()} of job {job}, and this node sends in {fence.Sent.ToProtocol()}: nothing of that is applied any more. " +
            "The cluster goes on without this node; it takes part again when it joins again");
    }

    public async Task TellOfFailureAsync(Task failure)
    {
        await failure.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (failure.Exception?.InnerException is not { } cause) return;
        node.Tell($"job {job} fails here: {cause}");
        await SendAsync(null, $"{cause.GetType().Name}: {cause.Message}").ConfigureAwait(false);
    }

    /// <param name="about">Null: this node cannot go on at all.</param>
    /// <param name="meant">The coordinator's term; null: that of the one that the node keeps to.</param>
    private async Task SendAsync(PeerNode? about, string reason, long? meant = null)
    {
        try
        {
            var complaint = new Complaint
            {
                Job = job, Node = self.Name, Incarnation = self.Incarnation, About = about?.Name ?? "", AboutIncarnation = about?.Incarnation ?? 0,
                Reason = reason, Term = meant ?? term(),
            };
            if (node.Lanes.ToCoordinator() is { } lane) await lane.CallAsync(HostingMethods.Complain, complaint, Patience).ConfigureAwait(false);
            else await CallAsync(complaint).ConfigureAwait(false);
        }
        catch (Exception unheard) when (unheard is RpcException or UserException or OperationCanceledException)
        {
            // The coordinator that does not hear it loses this node, or is lost itself, or gone, as it seemed: membership tells.
            string why = (unheard as RpcException)?.Detail ?? unheard.Message;
            if (meant is null) node.Tell($"the coordinator was not told that {about?.Name ?? self.Name} fails: {why}");
        }
    }

    private async Task CallAsync(Complaint complaint)
    {
        using var limit = new CancellationTokenSource(Patience);
        using var channel = new GrpcChannel((await node.FindCoordinatorAsync(limit.Token).ConfigureAwait(false)).Uri, node.Limits);
        await channel.UnaryAsync(HostingMethods.Complain, complaint, node.Credentials.Metadata, Patience).ConfigureAwait(false);
    }
}
