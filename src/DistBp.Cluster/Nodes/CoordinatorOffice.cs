using DistBp.Cluster.Configuration;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Learning;

namespace DistBp.Cluster.Nodes;

/// <summary>
/// The coordinator's methods, on every node: the duty that this node has at the moment answers them; where it has none, callers are told whom to ask.
/// </summary>
internal sealed class CoordinatorOffice(NodeContext node)
{
    /// <summary>Of every answer to who takes a node for the coordinator that it is not.</summary>
    public const string NotHere = "this node is not the coordinator";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    private CoordinatorDuty? _duty;

    /// <summary>Null while this node is not the coordinator. Calls under way end with their duty.</summary>
    public CoordinatorDuty? Duty
    {
        get => Volatile.Read(ref _duty);
        set => Volatile.Write(ref _duty, value);
    }

    public void AddTo(GrpcServices services)
    {
        services.DuplexStreaming(ControlMethods.Join, (heartbeats, news, call) => AskAsync(call, (duty, c) => duty.Joining.JoinAsync(heartbeats, news, c)));
        services.Unary(ControlMethods.Submit, (submission, call) => AskAsync(call, (duty, _) => duty.Jobs.SubmitAsync(submission)));
        services.Unary(ControlMethods.Cancel, (job, call) => AskAsync(call, (duty, _) => duty.Jobs.CancelAsync(job.Job)));
        services.ServerStreaming(ControlMethods.Watch, (request, events, call) => AskAsync(call, (duty, c) => duty.Jobs.WatchAsync(request, events, c)));
        services.ServerStreaming(ControlMethods.Fetch, (request, pieces, call) => AskAsync(call, (duty, c) => duty.Jobs.FetchAsync(request, pieces, c)));
        services.Unary(ControlMethods.GetStatus, (_, call) => AskAsync(call, (duty, _) => Task.FromResult(duty.Status.Describe())));
    }

    private Task<bool> AskAsync(ServerCall call, Func<CoordinatorDuty, ServerCall, Task> method) => AskAsync(call, async (duty, c) =>
    {
        await method(duty, c).ConfigureAwait(false);
        return true;
    });

    private async Task<T> AskAsync<T>(ServerCall call, Func<CoordinatorDuty, ServerCall, Task<T>> method)
    {
        if (Duty is not { } duty) throw await ElsewhereAsync(call).ConfigureAwait(false);
        using var until = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation, duty.Over);
        try
        {
            return await method(duty, call.Until(until.Token)).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (duty.Over.IsCancellationRequested)
        {
            throw new RpcException(StatusCode.Unavailable, "this node is the coordinator no more");
        }
    }

    /// <summary>Where the coordinator has a known address, who asks here is wrong for good; where it is elected, the next moment may be another.</summary>
    private async Task<RpcException> ElsewhereAsync(ServerCall call)
    {
        IRendezvous rendezvous = node.Rendezvous;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(call.Cancellation);
        limit.CancelAfter(Patience);
        try
        {
            NodeAddress coordinator = await rendezvous.FindAsync(limit.Token).ConfigureAwait(false);
            if (!rendezvous.Elects) return new RpcException(StatusCode.FailedPrecondition, $"{NotHere}, which is at {coordinator}");
            if (!node.IsAt(coordinator)) call.Trailers.Add(AskedRendezvous.CoordinatorKey, coordinator.ToString());
            return new RpcException(
                StatusCode.Unavailable, node.IsAt(coordinator) ? $"{NotHere} yet, or no more" : $"{NotHere}, which is now at {coordinator}");
        }
        catch (Exception unknown) when (unknown is OperationCanceledException or UserException)
        {
            return new RpcException(StatusCode.Unavailable, $"{NotHere}, and knows of none now");
        }
    }
}
