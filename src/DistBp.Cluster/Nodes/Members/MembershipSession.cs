using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>One call to distbp.v1.Cluster/Join, from the member's side.</summary>
internal sealed class MembershipSession : IDisposable
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

    /// <param name="self">The node's incarnation, and the term that it was admitted in; 0: none.</param>
    /// <param name="jobs">What it holds since.</param>
    /// <param name="newestTerm">That this node has seen.</param>
    /// <returns>The coordinator's name and term.</returns>
    /// <exception cref="RpcException">The coordinator refuses, or is out of reach, or is none any more.</exception>
    public async Task<(string Coordinator, long Term)> JoinAsync(NodeAdmission self, IReadOnlyList<JobPart> jobs, long newestTerm)
    {
        ExpectNews();
        await _call.WriteAsync(new Heartbeat { Introduction = Introduce(self, jobs) }).ConfigureAwait(false);
        Admission admission = (await NextAsync().ConfigureAwait(false))?.Admission
            ?? throw new RpcException(StatusCode.Internal, "the coordinator's first message is no admission");
        _interval = TimeSpan.FromMilliseconds(Math.Max(1, admission.HeartbeatIntervalMilliseconds));
        _pause = TimeSpan.FromMilliseconds(Math.Max(1, admission.AcceptablePauseMilliseconds));
        if (admission.Term < newestTerm)
        {
            throw new RpcException(
                StatusCode.Unavailable, $"{admission.Coordinator} there is the coordinator of reign {admission.Term}, and reign {newestTerm} has been: it is none any more");
        }
        WasAdmitted = true;
        return (admission.Coordinator, admission.Term);
    }

    /// <returns>True: the node has left; false: the coordinator closed the call.</returns>
    /// <exception cref="RpcException">The call broke, or the coordinator fell silent, or says that this node was lost.</exception>
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

    private Introduction Introduce(NodeAdmission self, IReadOnlyList<JobPart> jobs)
    {
        var introduction = new Introduction
        {
            Name = _node.Name,
            Incarnation = self.Incarnation,
            Address = _node.Endpoint.ToString(),
            Workers = (uint)_node.Workers,
            Term = self.Term,
            Jobs = { jobs.Select(j => new HostedJob { Job = j.Job, Workers = { j.Workers }, Servers = { j.Servers } }) },
        };
        // A coordinator that has been elected has its members' roles like any node.
        introduction.Roles.Add(RoleCodes.Write(_node.Configuration.Node.Roles & ~NodeRoles.Coordinator));
        return introduction;
    }
}
