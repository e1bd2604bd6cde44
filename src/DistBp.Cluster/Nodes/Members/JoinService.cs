using System.Text.RegularExpressions;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>Who becomes a member, on the coordinator's node; and distbp.v1.Cluster/Join: one call a member, as long as it is one.</summary>
/// <param name="coordinator">The name of this node.</param>
/// <param name="term">Of its reign.</param>
/// <param name="keeps">Whether what a node holds of a job, from an earlier reign, counts in this one.</param>
internal sealed partial class JoinService(
    ClusterMembers members, FailureDetectorConfiguration detection, string coordinator, long term, Func<MemberId, JobPart, bool> keeps)
{
    public async Task JoinAsync(MessageReader<Heartbeat> heartbeats, MessageWriter<ClusterNews> news, ServerCall call)
    {
        MemberDescription member = await IntroductionAsync(heartbeats, call).ConfigureAwait(false);
        MemberConnection connection = members.Join(member);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        Task hearing = Task.CompletedTask, talking = Task.CompletedTask;
        string why = "the node has gone";
        try
        {
            await news.WriteAsync(new ClusterNews { Admission = Admission() }, end.Token).ConfigureAwait(false);
            hearing = HearAsync(member.Id, heartbeats, end.Token);
            talking = TalkAsync(news, connection, end.Token);
            await Task.WhenAny(hearing, talking, connection.Ended).ConfigureAwait(false);
            if (connection.Ended.IsCompletedSuccessfully) throw new RpcException(StatusCode.Aborted, await connection.Ended.ConfigureAwait(false));
            // Throws what broke the call, where it is broken.
            await (hearing.IsCompleted ? hearing : talking).ConfigureAwait(false);
            why = "the node closed it";
        }
        catch (RpcException broken)
        {
            why = broken.Detail;
            throw;
        }
        finally
        {
            members.Disconnect(member.Id, why);
            await end.CancelAsync().ConfigureAwait(false);
            // Neither may touch the call after its end.
            await Task.WhenAll(hearing, talking).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <exception cref="RpcException">The node cannot be a member, or not as the incarnation that it says it is.</exception>
    public MemberDescription Describe(Introduction i)
    {
        NodeRoles roles = RoleCodes.Read(i.Roles);
        if (!NodeName().IsMatch(i.Name)) throw Malformed("the node's name is none");
        if (roles == NodeRoles.None) throw Malformed("the node has no role");
        if (roles.HasFlag(NodeRoles.Coordinator)) throw Malformed("the node is a coordinator itself, and a cluster has one");
        if (!NodeAddress.TryParse(i.Address, out NodeAddress? address) || address.Value.Port == 0) throw Malformed($"'{i.Address}' is no address to call the node at");
        if (i.Workers is < 1 or > NodeConfiguration.MaxWorkers) throw Malformed($"{i.Workers} workers are out of bounds");
        var id = new MemberId(i.Name, i.Incarnation);
        JobPart[] jobs = i.Term == 0 ? [] : [.. i.Jobs.Select(j => new JobPart(j.Job, [.. j.Workers], [.. j.Servers]))];
        RequireStanding(i.Term, id, jobs);
        return new MemberDescription(id, roles, address.Value.ToString(), (int)i.Workers) { Jobs = jobs };
    }

    /// <summary>The answer to a node that is a member now.</summary>
    public Admission Admission() => new()
    {
        Coordinator = coordinator,
        HeartbeatIntervalMilliseconds = (uint)detection.HeartbeatInterval.TotalMilliseconds,
        AcceptablePauseMilliseconds = (uint)detection.AcceptablePause.TotalMilliseconds,
        Term = term,
    };

    private async Task<MemberDescription> IntroductionAsync(MessageReader<Heartbeat> heartbeats, ServerCall call)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        patience.CancelAfter(detection.AcceptablePause);
        Introduction? introduction = (await heartbeats.ReadAsync(patience.Token).ConfigureAwait(false))?.Introduction;
        return Describe(introduction ?? throw Malformed("the first message has no introduction"));
    }

    /// <summary>An incarnation lives on where it was the coordinator that had gone, and not the node, and where what it holds still counts.</summary>
    private void RequireStanding(long admittedIn, MemberId id, JobPart[] jobs)
    {
        if (admittedIn > term)
            throw new RpcException(StatusCode.Unavailable, $"this coordinator is of reign {term}, and the node is of reign {admittedIn}: another coordinator has followed");
        if (admittedIn == term && term > 0)
            throw new RpcException(StatusCode.Aborted, $"{id.Name} #{id.Incarnation} was lost in this reign: it joins anew");
        if (Array.Find(jobs, j => !keeps(id, j)) is { } part)
            throw new RpcException(StatusCode.Aborted, $"what {id.Name} #{id.Incarnation} holds of job {part.Job} counts no more: it joins anew");
    }

    private static RpcException Malformed(string what) => new(StatusCode.InvalidArgument, what);

    /// <summary>Until the node closes its side.</summary>
    private async Task HearAsync(MemberId member, MessageReader<Heartbeat> heartbeats, CancellationToken end)
    {
        while (await heartbeats.ReadAsync(end).ConfigureAwait(false) is { } heartbeat)
        {
            if (heartbeat.Leaving) members.Leave(member);
            else members.Hear(member);
        }
    }

    /// <summary>Heartbeats until the member is released, which is told at once; then until it closes the call.</summary>
    private async Task TalkAsync(MessageWriter<ClusterNews> news, MemberConnection connection, CancellationToken end)
    {
        bool released = false;
        while (true)
        {
            Task delay = Task.Delay(detection.HeartbeatInterval, end);
            await (released ? delay : Task.WhenAny(delay, connection.Released)).ConfigureAwait(false);
            end.ThrowIfCancellationRequested();
            released |= connection.Released.IsCompleted;
            await news.WriteAsync(new ClusterNews { Released = released }, end).ConfigureAwait(false);
        }
    }

    [GeneratedRegex(@"\A[A-Za-z0-9][A-Za-z0-9._-]{0,63}\z")]
    private static partial Regex NodeName();
}
