using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes;

/// <summary>What the coordinator's node does beyond any node: members join it, jobs queue in it, clients ask it.</summary>
internal sealed class CoordinatorDuty : IDisposable
{
    /// <summary>How long a node that ends waits for its job's last step and checkpoint.</summary>
    private static readonly TimeSpan MaxSaving = TimeSpan.FromSeconds(30);

    private readonly NodeContext _node;

    public CoordinatorDuty(NodeContext node, JobRunner runner)
    {
        _node = node;
        Members = new ClusterMembers(node.Configuration.FailureDetector, TimeProvider.System, node.Tell);
        Queue = new JobQueue(runner, Members, TimeProvider.System, node.Tell);
    }

    public ClusterMembers Members { get; }

    public JobQueue Queue { get; }

    public void AddTo(GrpcServices services)
    {
        new JoinService(Members, _node.Configuration.FailureDetector, _node.Name).AddTo(services);
        new JobService(Queue, Path.GetFullPath(_node.Configuration.Storage.Runs)).AddTo(services);
        new StatusService(_node, Members, Queue).AddTo(services);
    }

    /// <summary>A coordinator that is worker or server too is a member like others, but that it cannot be lost.</summary>
    public void JoinOwnNode()
    {
        NodeRoles roles = _node.Configuration.Node.Roles & ~NodeRoles.Coordinator;
        if (roles == NodeRoles.None) return;
        Members.Join(new MemberDescription(new MemberId(_node.Name, 0), roles, _node.Endpoint.ToString(), _node.Workers, IsHere: true));
    }

    /// <summary>Until it is stopped: then the job that runs is interrupted, and waited for within bounds.</summary>
    public async Task RunAsync(CancellationToken stop)
    {
        Task watching = Members.WatchAsync(stop), running = Queue.RunAsync(stop);
        await Task.Delay(Timeout.InfiniteTimeSpan, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await watching.ConfigureAwait(false);
        try
        {
            await running.WaitAsync(MaxSaving, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _node.Tell($"the job has not ended within {MaxSaving.TotalSeconds} s: going without its last checkpoint");
        }
    }

    public void Dispose() => Queue.Dispose();
}
