using DistBp.Cluster.Nodes.Lanes;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Lanes;
using DistBp.Protocol.Membership;
using Google.Protobuf;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>
/// The members whose words something else carries to this coordinator than gRPC, which says too who of them is to be reached: the other end of a
/// <see cref="CarriedSession"/> each. By one thread at a time.
/// </summary>
/// <param name="tell">To a node's session; from any thread.</param>
internal sealed class MemberSessions<TPeer>(NodeContext node, JoinService joining, ClusterMembers members, Action<TPeer, IMessage> tell)
    where TPeer : notnull
{
    private readonly Dictionary<TPeer, (MemberId Member, ControlLane Lane)> _sessions = [];

    /// <returns>Whether the node is a member by that.</returns>
    public bool Join(JoinSought join, TPeer peer)
    {
        try
        {
            // A node that has not heard the answer asks again.
            if (!_sessions.ContainsKey(peer)) Admit(join, peer);
            TellAdmission(peer);
            return true;
        }
        catch (RpcException refusal)
        {
            tell(peer, new MembershipEnded { Status = (uint)refusal.Status, Detail = refusal.Detail });
            return false;
        }
    }

    public void Hear(Heartbeat heartbeat, TPeer peer)
    {
        if (!_sessions.TryGetValue(peer, out (MemberId Member, ControlLane Lane) session))
        {
            // Where it was lost in this reign, it hears so when it joins again.
            tell(peer, new MembershipEnded { Status = (uint)StatusCode.Unavailable, Detail = "it is no member of this coordinator's" });
            return;
        }
        session.Lane.Expect(heartbeat.Pieces);
        if (heartbeat.Leaving) members.Leave(session.Member);
    }

    /// <summary>What comes of one who is no member any more is void.</summary>
    public void Hear(LanePiece piece, TPeer peer)
    {
        if (_sessions.TryGetValue(peer, out (MemberId Member, ControlLane Lane) session)) session.Lane.Hear(piece);
    }

    /// <summary>At each interval: all but those that are not to be reached are heard, and hear how many words were for them.</summary>
    public void Look(Predicate<TPeer> isReachable)
    {
        foreach ((TPeer peer, (MemberId member, ControlLane lane)) in _sessions.ToArray())
        {
            if (!isReachable(peer))
            {
                End(peer, "its node is not to be reached");
                continue;
            }
            members.Hear(member);
            tell(peer, new ClusterNews { Pieces = lane.Sent });
        }
    }

    public void End(TPeer peer, string why)
    {
        if (!_sessions.Remove(peer, out (MemberId Member, ControlLane Lane) session)) return;
        Close(session.Member, session.Lane);
        members.Disconnect(session.Member, why);
    }

    /// <summary>The reign is over: they are another coordinator's.</summary>
    public void End()
    {
        foreach ((MemberId member, ControlLane lane) in _sessions.Values) Close(member, lane);
        _sessions.Clear();
    }

    private void Admit(JoinSought join, TPeer peer)
    {
        var metadata = new Metadata();
        foreach ((string key, string value) in join.Metadata) metadata.AddReceived(key, value);
        node.Credentials.Check(metadata);
        MemberDescription member = joining.Describe(join.Introduction);
        var lane = new ControlLane(node, member.Id.Name, piece => Carry(piece, peer), why => members.Disconnect(member.Id, why.Detail));
        // Before anybody hears of the member, who may be called at once.
        node.Lanes.Add(member.Id, lane);
        try
        {
            MemberConnection connection = members.Join(member);
            _sessions.Add(peer, (member.Id, lane));
            _ = TellReleaseAsync(connection, peer);
            _ = TellEndAsync(connection, peer);
        }
        finally
        {
            if (!_sessions.ContainsKey(peer)) Close(member.Id, lane);
        }
    }

    /// <summary>Who is called at once hears first that it is a member.</summary>
    private void Carry(LanePiece piece, TPeer peer)
    {
        if (piece.Number == 1) TellAdmission(peer);
        tell(peer, piece);
    }

    private void TellAdmission(TPeer peer) => tell(peer, new ClusterNews { Admission = joining.Admission() });

    private void Close(MemberId member, ControlLane lane)
    {
        node.Lanes.Remove(member, lane);
        lane.Dispose();
    }

    private async Task TellReleaseAsync(MemberConnection connection, TPeer peer)
    {
        await connection.Released.ConfigureAwait(false);
        tell(peer, new ClusterNews { Released = true });
    }

    private async Task TellEndAsync(MemberConnection connection, TPeer peer) =>
        tell(peer, new MembershipEnded { Status = (uint)StatusCode.Aborted, Detail = await connection.Ended.ConfigureAwait(false) });
}
