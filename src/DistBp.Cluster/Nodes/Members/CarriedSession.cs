using System.Threading.Channels;
using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Lanes;
using DistBp.Protocol.Membership;
using Google.Protobuf;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>
/// One membership, from the member's side, whose words something else carries than gRPC: the carrier finds the coordinator, tells it what the session says, and the
/// session what that one says, and that it is gone.
/// </summary>
internal sealed class CarriedSession : IMembershipSession
{
    // A membership is a few words.
    private readonly Channel<IMessage> _heard = Channel.CreateBounded<IMessage>(16);
    private readonly NodeContext _node;
    private readonly Func<CarriedSession, Action> _carry;
    private readonly CancellationToken _abort;
    private readonly ControlLane _lane;
    private JoinSought? _join;
    private Action? _stop;
    private volatile bool _isMember, _leaves;

    /// <param name="carry">Begins to carry the session's words, and returns what ends it.</param>
    /// <param name="abort">Ends the session at once.</param>
    public CarriedSession(NodeContext node, Func<CarriedSession, Action> carry, CancellationToken abort)
    {
        (_node, _carry, _abort) = (node, carry, abort);
        _lane = new ControlLane(node, "the coordinator", piece => Tell?.Invoke(piece), why => Say(new MembershipEnded { Status = (uint)why.Status, Detail = why.Detail }));
    }

    public bool WasAdmitted { get; private set; }

    /// <summary>To the coordinator; the carrier's, set once it has found one.</summary>
    public Action<IMessage>? Tell { get; set; }

    /// <summary>The coordinator counts this node as a member.</summary>
    public bool IsMember => _isMember;

    public async Task<(string Coordinator, long Term)> JoinAsync(NodeAdmission self, IReadOnlyList<JobPart> jobs, long newestTerm)
    {
        _join = new JoinSought { Introduction = MembershipSession.Introduce(_node, self, jobs) };
        foreach ((string key, string value) in _node.Credentials.Metadata) _join.Metadata.Add(key, value);
        _stop = _carry(this);
        TimeSpan limit = _node.Configuration.FailureDetector.AcceptablePause + _node.Configuration.FailureDetector.HeartbeatInterval;
        ClusterNews first = await NextAsync(limit, $"it has been silent for {limit.TotalSeconds} s").ConfigureAwait(false);
        Admission admission = MembershipSession.Accept(first, newestTerm);
        WasAdmitted = true;
        return (admission.Coordinator, admission.Term);
    }

    public async Task<bool> StayAsync(CancellationToken leave)
    {
        using CancellationTokenRegistration leaving = leave.UnsafeRegister(_ => _leaves = true, null);
        while (!leave.IsCancellationRequested)
        {
            using var next = CancellationTokenSource.CreateLinkedTokenSource(leave, _abort);
            if (await TryNextAsync(next.Token).ConfigureAwait(false) is { Released: true }) return true;
            if (_abort.IsCancellationRequested) throw new RpcException(StatusCode.Cancelled, "the node ends");
        }
        try
        {
            while (!(await NextAsync(Membership.MaxLeaving, "it does not release this node").ConfigureAwait(false)).Released)
            {
                // Something else was said before.
            }
        }
        catch (RpcException) when (!_abort.IsCancellationRequested)
        {
            _node.Tell($"not released within {Membership.MaxLeaving.TotalSeconds} s: leaving without it");
        }
        return true;
    }

    /// <summary>What the coordinator is to hear of this node at each interval.</summary>
    public IMessage Speak() => _isMember ? new Heartbeat { Leaving = _leaves, Pieces = _lane.Sent } : _join!;

    /// <summary>The coordinator has said this.</summary>
    public void Hear(IMessage word)
    {
        switch (word)
        {
            case LanePiece piece: _lane.Hear(piece); break;
            case ClusterNews news: Hear(news); break;
            case MembershipEnded: Say(word); break;
        }
    }

    /// <summary>The carrier reaches the coordinator no more.</summary>
    public void Lose(string why) => Say(new MembershipEnded { Status = (uint)StatusCode.Unavailable, Detail = why });

    public void Dispose()
    {
        _node.Lanes.Remove(_lane);
        _lane.Dispose();
        _stop?.Invoke();
    }

    private void Hear(ClusterNews news)
    {
        _lane.Expect(news.Pieces);
        if (news.Admission is { } admission)
        {
            // One that is repeated says nothing new.
            if (_isMember) return;
            _isMember = true;
            // Before the coordinator's next word, which may be about a job.
            _node.Lanes.Add(admission.Term, _lane);
        }
        if (news.Admission is not null || news.Released) Say(news);
    }

    /// <summary>What nobody reads any more is dropped.</summary>
    private void Say(IMessage heard) => _heard.Writer.TryWrite(heard);

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
        using var due = CancellationTokenSource.CreateLinkedTokenSource(_abort);
        due.CancelAfter(limit);
        return await TryNextAsync(due.Token).ConfigureAwait(false) ?? throw new RpcException(StatusCode.Unavailable, otherwise);
    }
}
