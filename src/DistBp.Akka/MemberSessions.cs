using Akka.Actor;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Akka;

/// <summary>The members that have come to this coordinator over Akka.Remote. Who of them lives Akka.Cluster says.</summary>
internal sealed class MemberSessions(CallCredentials credentials, JoinService joining, ClusterMembers members)
{
    private readonly Dictionary<IActorRef, MemberId> _sessions = [];

    /// <returns>Whether the node is a member by that.</returns>
    public bool Join(JoinSought join, IActorRef node)
    {
        try
        {
            // A node that has not heard the answer asks again.
            if (!_sessions.ContainsKey(node)) Admit(join, node);
            node.Tell(new ClusterNews { Admission = joining.Admission() });
            return true;
        }
        catch (RpcException refusal)
        {
            node.Tell(new MembershipEnded { Status = (uint)refusal.Status, Detail = refusal.Detail });
            return false;
        }
    }

    public void Hear(Heartbeat heartbeat, IActorRef node)
    {
        if (!_sessions.TryGetValue(node, out MemberId member))
            node.Tell(new MembershipEnded { Status = (uint)StatusCode.Aborted, Detail = "it is no member of this coordinator's" });
        else if (heartbeat.Leaving) members.Leave(member);
    }

    /// <summary>All but those that Akka.Cluster cannot reach are heard.</summary>
    public void Look(IReadOnlySet<Address> unreachable)
    {
        foreach ((IActorRef node, MemberId member) in _sessions.ToArray())
        {
            if (unreachable.Contains(node.Path.Address)) End(node, "Akka.Cluster cannot reach its node");
            else members.Hear(member);
        }
    }

    public void End(IActorRef node, string why)
    {
        if (_sessions.Remove(node, out MemberId member)) members.Disconnect(member, why);
    }

    private void Admit(JoinSought join, IActorRef node)
    {
        var metadata = new Metadata();
        foreach ((string key, string value) in join.Metadata) metadata.AddReceived(key, value);
        credentials.Check(metadata);
        MemberDescription member = joining.Describe(join.Introduction);
        MemberConnection connection = members.Join(member);
        _sessions.Add(node, member.Id);
        _ = TellReleaseAsync(connection, node);
        _ = TellEndAsync(connection, node);
    }

    private static async Task TellReleaseAsync(MemberConnection connection, IActorRef node)
    {
        await connection.Released.ConfigureAwait(false);
        node.Tell(new ClusterNews { Released = true });
    }

    private static async Task TellEndAsync(MemberConnection connection, IActorRef node) =>
        node.Tell(new MembershipEnded { Status = (uint)StatusCode.Aborted, Detail = await connection.Ended.ConfigureAwait(false) });
}
