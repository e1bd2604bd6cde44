using System.Globalization;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>
/// A node's membership, on its own side: joins the coordinator, wherever it is now, and joins again when the connection breaks: as the same incarnation, with all that it is at, where
/// it was the coordinator that had gone and one of a later reign is there; anew, as another, where the coordinator counts it as lost. Ends when the node has left,
/// or with an error when the coordinator refuses it or stays out of reach.
/// </summary>
/// <param name="ready">Told whether the node is a member now.</param>
internal sealed class Membership(NodeContext node, NodeParts parts, Action<bool> ready) : IDisposable
{
    /// <summary>How long a node that leaves waits to be released.</summary>
    public static readonly TimeSpan MaxLeaving = TimeSpan.FromSeconds(30);

    private readonly FailureDetectorConfiguration _detection = node.Configuration.FailureDetector;

    /// <summary>Term 0: this incarnation was admitted by nobody yet. Its number is above that of an earlier process of this name on this machine.</summary>
    private NodeAdmission _self = new((ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds(), 0);
    private long _newestTerm;

    /// <summary>Where it was found last.</summary>
    private NodeAddress _coordinator;
    private GrpcChannel? _channel;

    /// <param name="leave">Asks to be released, waits for it, and ends.</param>
    /// <param name="abort">Ends at once.</param>
    /// <exception cref="UserException">The coordinator refuses this node, or was not to be reached for <see cref="ReconnectPatience.Limit"/>.</exception>
    public async Task RunAsync(CancellationToken leave, CancellationToken abort)
    {
        var patience = new ReconnectPatience(_detection.AcceptablePause, TimeProvider.System);
        // A coordinator that has not yet seen that this node's earlier connection is gone holds its name.
        var namePatience = new ReconnectPatience(_detection.AcceptablePause / 5, TimeProvider.System);
        while (!leave.IsCancellationRequested && !abort.IsCancellationRequested)
        {
            if (await ChannelAsync(leave, abort).ConfigureAwait(false) is not { } channel) return;
            using IMembershipSession session = node.Rendezvous.Open(node, abort) ?? new MembershipSession(channel, node, abort);
            try
            {
                if (await StayAsync(session, leave).ConfigureAwait(false)) return;
                throw new RpcException(StatusCode.Unavailable, "the coordinator closed the connection");
            }
            catch (RpcException end) when (!abort.IsCancellationRequested)
            {
                if (session.WasAdmitted)
                {
                    ready(false);
                    patience.Reset();
                    namePatience.Reset();
                    if (!leave.IsCancellationRequested) node.Tell($"the connection to the coordinator at {_coordinator} is lost: {end.Detail}");
                }
                if (CallFailure.IsFinal(end)) throw CallFailure.Tell(end, _coordinator);
                if (end.Status == StatusCode.Aborted && _self.Term > 0)
                {
                    node.Tell($"the coordinator goes on without what this node was at: {end.Detail}");
                    _self = new NodeAdmission(_self.Incarnation, 0);
                    continue;
                }
                ReconnectPatience which = end.Status == StatusCode.AlreadyExists ? namePatience : patience;
                TimeSpan pause = which.Next() ?? throw Unreachable(end, which.Limit);
                await PauseAsync(pause, leave, abort).ConfigureAwait(false);
            }
            catch (RpcException) when (abort.IsCancellationRequested)
            {
                return;
            }
        }
    }

    public void Dispose() => _channel?.Dispose();

    /// <returns>To the coordinator that there is now; null: the node goes before there is one.</returns>
    private async Task<GrpcChannel?> ChannelAsync(CancellationToken leave, CancellationToken abort)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(leave, abort);
        NodeAddress found;
        try
        {
            found = await node.Rendezvous.FindAsync(either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            return null;
        }
        catch (UserException none) when (none.Kind == ErrorKind.Cluster && parts.Describe() is { Length: > 0 } work)
        {
            throw new UserException(ErrorKind.Cluster, [.. none.Problems.Select(p => p with { Where = $"node {node.Name}, {work}, {p.Where}" })], none);
        }
        if (_channel is not null && found == _coordinator) return _channel;
        _channel?.Dispose();
        (_coordinator, _channel) = (found, new GrpcChannel(found.Uri, node.Limits));
        return _channel;
    }

    private async Task<bool> StayAsync(IMembershipSession session, CancellationToken leave)
    {
        // Whoever may have been admitted without knowing it is another one from then on.
        if (_self.Term == 0) _self = new NodeAdmission(_self.Incarnation + 1, 0);
        (string name, long term) = await session.JoinAsync(_self, _self.Term == 0 ? [] : parts.Hosted(), _newestTerm).ConfigureAwait(false);
        _self = new NodeAdmission(_self.Incarnation, term);
        _newestTerm = term;
        parts.Admitted(_self);
        ready(true);
        node.Tell($"joined the coordinator {name} at {_coordinator}");
        using CancellationTokenRegistration leaving = leave.UnsafeRegister(_ => ready(false), null);
        return await session.StayAsync(leave).ConfigureAwait(false);
    }

    private static async Task PauseAsync(TimeSpan pause, CancellationToken leave, CancellationToken abort)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(leave, abort);
        await Task.Delay(pause, either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private UserException Unreachable(RpcException last, TimeSpan waited)
    {
        if (last.Status is StatusCode.AlreadyExists or StatusCode.ResourceExhausted) return CallFailure.Tell(last, _coordinator);
        string limit = waited.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
        string work = parts.Describe();
        return new UserException(
            ErrorKind.Cluster, $"waited {limit} s for the coordinator at {_coordinator}: {last.Detail}", $"node {node.Name}{(work.Length > 0 ? $", {work}" : "")}",
            "start the coordinator, or check distbp.rendezvous.coordinator (--coordinator) and the network", last);
    }
}
