using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Hosting;
using DistBp.Cluster.Wire.Members;
using Google.Protobuf;

namespace DistBp.Cluster.Hosting;

/// <summary>The coordinator's calls to the nodes of a job.</summary>
/// <param name="enlistment">All but what differs from node to node.</param>
internal sealed class JobCalls(NodeContext node, Enlistment enlistment)
{
    /// <summary>Reading data takes its time.</summary>
    public static readonly TimeSpan MaxEnlisting = TimeSpan.FromMinutes(10);

    public static readonly TimeSpan MaxIntroducing = TimeSpan.FromSeconds(10), MaxDismissing = TimeSpan.FromSeconds(10);

    /// <returns>Why it cannot take part; null where it does.</returns>
    public async Task<string?> EnlistAsync(JobNode member, CancellationToken cancellation)
    {
        Enlistment own = enlistment.Clone();
        own.Incarnation = member.Member.Incarnation;
        own.Workers.AddRange(member.Workers);
        own.Servers.AddRange(member.Servers);
        return await AskAsync(member, HostingMethods.Enlist, own, MaxEnlisting, cancellation).ConfigureAwait(false);
    }

    /// <returns>Why it has not a link to every other one; null where it has.</returns>
    public Task<string?> IntroduceAsync(JobNode member, IEnumerable<MemberPlace> places, CancellationToken cancellation)
    {
        var introduction = new Introduction { Job = enlistment.Job, Incarnation = member.Member.Incarnation, Term = enlistment.Term };
        introduction.Places.AddRange(places.Select(p => new Place
        {
            Member = p.Member.ToContract(), Node = p.Node.Name, Incarnation = p.Node.Incarnation, Endpoint = p.Node.Endpoint.ToString(),
        }));
        return AskAsync(member, HostingMethods.Introduce, introduction, MaxIntroducing, cancellation);
    }

    /// <returns>What its links have carried; null where it does not answer.</returns>
    public async Task<Dismissed?> DismissAsync(ClusterMember member, string reason)
    {
        var dismissal = new Dismissal { Job = enlistment.Job, Incarnation = member.Incarnation, Reason = reason, Term = enlistment.Term };
        try
        {
            return await CallAsync(member, HostingMethods.Dismiss, dismissal, MaxDismissing, CancellationToken.None).ConfigureAwait(false);
        }
        catch (RpcException gone)
        {
            node.Tell($"{member} was not told that job {enlistment.Job} is over: {gone.Detail}");
            return null;
        }
    }

    /// <returns>The mean time of its workers for a step since it was asked last; null where it made none, or does not answer.</returns>
    public async Task<TimeSpan?> PaceAsync(JobNode member, CancellationToken cancellation)
    {
        var request = new PaceRequest { Job = enlistment.Job, Incarnation = member.Member.Incarnation, Term = enlistment.Term };
        try
        {
            Pace pace = await CallAsync(member.Member, HostingMethods.AskPace, request, MaxIntroducing, cancellation).ConfigureAwait(false);
            return pace.Steps == 0 ? null : TimeSpan.FromSeconds(pace.Seconds / pace.Steps);
        }
        catch (RpcException)
        {
            // Membership tells of a node that is lost; this is for the status page alone.
            return null;
        }
    }

    /// <returns>Why it was refused; null where it was not.</returns>
    private async Task<string?> AskAsync<TRequest, TResponse>(
        JobNode member, Method<TRequest, TResponse> method, TRequest request, TimeSpan timeout, CancellationToken cancellation)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        try
        {
            await CallAsync(member.Member, method, request, timeout, cancellation).ConfigureAwait(false);
            return null;
        }
        catch (RpcException failure)
        {
            return failure.Detail;
        }
    }

    /// <summary>Over the member's lane where it has one; but an enlistment that brings parameters goes as tensors do.</summary>
    private async Task<TResponse> CallAsync<TRequest, TResponse>(
        ClusterMember member, Method<TRequest, TResponse> method, TRequest request, TimeSpan timeout, CancellationToken cancellation)
        where TRequest : class, IMessage<TRequest>
        where TResponse : class, IMessage<TResponse>
    {
        if (node.Lanes.ToMember(member.Id) is { } lane && request is not Enlistment { Constants.IsEmpty: false })
            return await lane.CallAsync(method, request, timeout, cancellation).ConfigureAwait(false);
        using var channel = new GrpcChannel(member.Endpoint.Uri, node.Limits);
        return await channel.UnaryAsync(method, request, node.Credentials.Metadata, timeout, cancellation).ConfigureAwait(false);
    }
}
