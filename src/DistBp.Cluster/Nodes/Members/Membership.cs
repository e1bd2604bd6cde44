using System.Globalization;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes.Members;

/// <summary>
/// A node's membership, on its own side: joins the coordinator, and joins anew, as another incarnation, when the connection breaks. Ends when
/// the node has left, or with an error when the coordinator refuses it or stays out of reach.
/// </summary>
/// <param name="admitted">Told of each admission, with its incarnation.</param>
/// <param name="ready">Told whether the node is a member now.</param>
internal sealed class Membership(NodeContext node, NodeAddress coordinator, Action<ulong> admitted, Action<bool> ready) : IDisposable
{
    /// <summary>How long a node that leaves waits to be released.</summary>
    public static readonly TimeSpan MaxLeaving = TimeSpan.FromSeconds(30);

    private readonly GrpcChannel _channel = new(coordinator.Uri, node.Limits);
    private readonly FailureDetectorConfiguration _detection = node.Configuration.FailureDetector;

    // Above that of an earlier process of this name on this machine.
    private ulong _incarnation = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();

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
            using var session = new MembershipSession(_channel, node, ++_incarnation, abort);
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
                    if (!leave.IsCancellationRequested) node.Tell($"the connection to the coordinator at {coordinator} is lost: {end.Detail}");
                }
                if (CallFailure.IsFinal(end)) throw CallFailure.Tell(end, coordinator);
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

    public void Dispose() => _channel.Dispose();

    private async Task<bool> StayAsync(MembershipSession session, CancellationToken leave)
    {
        string name = await session.JoinAsync().ConfigureAwait(false);
        admitted(_incarnation);
        ready(true);
        node.Tell($"joined the coordinator {name} at {coordinator}");
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
        if (last.Status is StatusCode.AlreadyExists or StatusCode.ResourceExhausted) return CallFailure.Tell(last, coordinator);
        string limit = waited.TotalSeconds.ToString("0.#", CultureInfo.InvariantCulture);
        return new UserException(
            ErrorKind.Cluster, $"waited {limit} s for the coordinator at {coordinator}: {last.Detail}", $"node {node.Name}",
            "start the coordinator, or check distbp.rendezvous.coordinator (--coordinator) and the network", last);
    }
}
