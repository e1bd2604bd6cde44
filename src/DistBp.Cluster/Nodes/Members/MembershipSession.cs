using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>One call to distbp.v1.Cluster/Join, from the member's side.</summary>
internal sealed class MembershipSession : IMembershipSession
{
    private readonly CancellationTokenSource _silence;
    private readonly CancellationTokenSource _over = new();
    private readonly ClientCall<Heartbeat, ClusterNews> _call;
    private readonly NodeContext _node;
    private TimeSpan _interval, _pause;

    public MembershipSession(GrpcChannel channel, NodeContext node, CancellationToken abort)
    {
        _silence = CancellationTokenSource.CreateLinkedTokenSource(abort);
        _node = node;
        (_interval, _pause) = (node.Configuration.FailureDetector.HeartbeatInterval, node.Configuration.FailureDetector.AcceptablePause);
        _call = channel.Call(ControlMethods.Join, node.Credentials.Metadata, cancellation: _silence.Token);
    }

    public bool WasAdmitted { get; private set; }

    /// <summary>How a node presents itself to a coordinator.</summary>
    public static Introduction Introduce(NodeContext node, NodeAdmission self, IReadOnlyList<JobPart> jobs)
    {
        var introduction = new Introduction
        {
            Name = node.Name,
            Incarnation = self.Incarnation,
            Address = node.Endpoint.ToString(),
            Workers = (uint)node.Workers,
            Term = self.Term,
            Jobs = { jobs.Select(j => new HostedJob { Job = j.Job, Workers = { j.Workers }, Servers = { j.Servers } }) },
        };
        // A coordinator that has been elected has its members' roles like any node.
        introduction.Roles.Add(RoleCodes.Write(node.Configuration.Node.Roles & ~NodeRoles.Coordinator));
        return introduction;
    }

    /// <summary>What a coordinator has to say first.</summary>
    /// <exception cref="RpcException">It is something else, or of one who is the coordinator no more.</exception>
    public static Admission Accept(ClusterNews? first, long newestTerm)
    {
        Admission admission = first?.Admission ?? throw new RpcException(StatusCode.Internal, "the coordinator's first message is no admission");
        return admission.Term >= newestTerm ? admission : throw new RpcException(
            StatusCode.Unavailable, $"{admission.Coordinator} there is the coordinator of reign {admission.Term}, and reign {newestTerm} has been: it is none any more");
    }

    public async Task<(string Coordinator, long Term)> JoinAsync(NodeAdmission self, IReadOnlyList<JobPart> jobs, long newestTerm)
    {
        ExpectNews();
        await _call.WriteAsync(new Heartbeat { Introduction = Introduce(_node, self, jobs) }).ConfigureAwait(false);
        Admission admission = Accept(await NextAsync().ConfigureAwait(false), newestTerm);
        _interval = TimeSpan.FromMilliseconds(Math.Max(1, admission.HeartbeatIntervalMilliseconds));
        _pause = TimeSpan.FromMilliseconds(Math.Max(1, admission.AcceptablePauseMilliseconds));
        WasAdmitted = true;
        return (admission.Coordinator, admission.Term);
    }

    public async Task<bool> StayAsync(CancellationToken leave)
    {
        Task talking = TalkAsync(leave);
        try
        {
            while (await NextAsync().ConfigureAwait(false) is { } news)
            {
                if (news.Released) return true;
            }
            return false;
        }
        catch (RpcException) when (leave.IsCancellationRequested && talking.IsCompleted)
        {
            _node.Tell($"not released within {Membership.MaxLeaving.TotalSeconds} s: leaving without it");
            return true;
        }
        finally
        {
            await _over.CancelAsync().ConfigureAwait(false);
            await talking.ConfigureAwait(false);
            _call.CompleteRequests();
        }
    }

    public void Dispose()
    {
        _call.Dispose();
        _silence.Dispose();
        _over.Dispose();
    }

    private async Task<ClusterNews?> NextAsync()
    {
        try
        {
            ClusterNews? news = await _call.ReadAsync().ConfigureAwait(false);
            ExpectNews();
            return news;
        }
        catch (RpcException e) when (e.Status == StatusCode.Cancelled && _silence.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Unavailable, $"it has been silent for {(_pause + _interval).TotalSeconds} s", e);
        }
    }

    private void ExpectNews() => _silence.CancelAfter(_pause + _interval);

    /// <summary>Heartbeats; from <paramref name="leave"/> on the wish to go, for a bounded time, after which the call is given up.</summary>
    private async Task TalkAsync(CancellationToken leave)
    {
        try
        {
            while (!leave.IsCancellationRequested)
            {
                await _call.WriteAsync(new Heartbeat()).ConfigureAwait(false);
                using var either = CancellationTokenSource.CreateLinkedTokenSource(leave, _over.Token);
                await Task.Delay(_interval, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (_over.IsCancellationRequested) return;
            }
            await _call.WriteAsync(new Heartbeat { Leaving = true }).ConfigureAwait(false);
            long limit = (long)(Membership.MaxLeaving / _interval);
            for (long i = 0; i < limit && !_over.IsCancellationRequested; i++)
            {
                await Task.Delay(_interval, _over.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
                if (!_over.IsCancellationRequested) await _call.WriteAsync(new Heartbeat()).ConfigureAwait(false);
            }
            if (!_over.IsCancellationRequested) await _silence.CancelAsync().ConfigureAwait(false);
        }
        catch (RpcException)
        {
            // The reading side learns why, and tells.
        }
    }
}
