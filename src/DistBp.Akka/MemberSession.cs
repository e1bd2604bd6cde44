using System.Threading.Channels;
using Akka.Actor;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;
using Google.Protobuf;

namespace DistBp.Akka;

/// <summary>One membership of this node over Akka.Remote.</summary>
/// <param name="proxy">Of the singleton.</param>
internal sealed class MemberSession(ActorSystem system, IActorRef proxy, NodeContext node, CancellationToken abort) : IMembershipSession
{
    // A membership is a few words.
    private readonly Channel<IMessage> _heard = Channel.CreateBounded<IMessage>(16);
    private IActorRef? _actor;

    public bool WasAdmitted { get; private set; }

    public async Task<(string Coordinator, long Term)> JoinAsync(NodeAdmission self, IReadOnlyList<JobPart> jobs, long newestTerm)
    {
        var join = new JoinSought { Introduction = MembershipSession.Introduce(node, self, jobs) };
        foreach ((string key, string value) in node.Credentials.Metadata) join.Metadata.Add(key, value);
        TimeSpan interval = node.Configuration.FailureDetector.HeartbeatInterval;
        _actor = system.ActorOf(Props.Create(() => new MemberActor(proxy, join, _heard.Writer, interval)));
        TimeSpan limit = node.Configuration.FailureDetector.AcceptablePause + interval;
        ClusterNews first = await NextAsync(limit, $"it has been silent for {limit.TotalSeconds} s").ConfigureAwait(false);
        Admission admission = MembershipSession.Accept(first, newestTerm);
        WasAdmitted = true;
        return (admission.Coordinator, admission.Term);
    }

    public async Task<bool> StayAsync(CancellationToken leave)
    {
        using CancellationTokenRegistration leaving = leave.UnsafeRegister(_ => _actor!.Tell(MemberActor.Word.Leave), null);
        while (!leave.IsCancellationRequested)
        {
            using var next = CancellationTokenSource.CreateLinkedTokenSource(leave, abort);
            if (await TryNextAsync(next.Token).ConfigureAwait(false) is { Released: true }) return true;
            if (abort.IsCancellationRequested) throw new RpcException(StatusCode.Cancelled, "the node ends");
        }
        try
        {
            while (!(await NextAsync(Membership.MaxLeaving, "it does not release this node").ConfigureAwait(false)).Released)
            {
                // Something else was said before.
            }
        }
        catch (RpcException) when (!abort.IsCancellationRequested)
        {
            node.Tell($"not released within {Membership.MaxLeaving.TotalSeconds} s: leaving without it");
        }
        return true;
    }

    public void Dispose()
    {
        if (_actor is not null) system.Stop(_actor);
    }

    /// <returns>Null: it was cancelled.</returns>
    private async Task<ClusterNews?> TryNextAsync(CancellationToken cancellation)
    {
        try
        {
            IMessage heard = await _heard.Reader.ReadAsync(cancellation).ConfigureAwait(false);
            return heard is MembershipEnded end ? throw new RpcException((StatusCode)end.Status, end.Detail) : (ClusterNews)heard;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
    }

    private async Task<ClusterNews> NextAsync(TimeSpan limit, string otherwise)
    {
        using var due = CancellationTokenSource.CreateLinkedTokenSource(abort);
        due.CancelAfter(limit);
        return await TryNextAsync(due.Token).ConfigureAwait(false) ?? throw new RpcException(StatusCode.Unavailable, otherwise);
    }
}
