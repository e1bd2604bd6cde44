using DistBp.Cluster.Nodes.Jobs;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes;

/// <summary>What the coordinator's node does beyond any node: members join it, jobs queue in it, clients ask it.</summary>
internal sealed class CoordinatorDuty : IDisposable
{
    /// <summary>How long a node that ends waits for its job's last step and checkpoint.</summary>
    private static readonly TimeSpan MaxSaving = TimeSpan.FromSeconds(30);

    private readonly NodeContext _node;

    private readonly NodeParts _parts;
    private readonly ICoordinatorStore _store;
    private readonly CancellationTokenSource _over = new();

    private CoordinatorDuty(NodeContext node, NodeParts parts, ICoordinatorStore store)
    {
        (_node, _parts, _store) = (node, parts, store);
        Members = new ClusterMembers(node.Configuration.FailureDetector, TimeProvider.System, () => store.IsHeld, Tell);
        Queue = new JobQueue(parts.Runner, Members, store, TimeProvider.System, node.Tell);
        Over = _over.Token;
        Joining = new JoinService(Members, node.Configuration.FailureDetector, node.Name, Term, Queue.Keeps);
        Jobs = new JobService(Queue, Path.GetFullPath(node.Configuration.Storage.Runs));
        Status = new StatusService(node, Members, Queue);
    }

    /// <summary>Cancelled when this node is the coordinator no more: its calls break off.</summary>
    public CancellationToken Over { get; }

    public JoinService Joining { get; }

    public JobService Jobs { get; }

    public StatusService Status { get; }

    public ClusterMembers Members { get; }

    public JobQueue Queue { get; }

    /// <summary>Of this reign.</summary>
    public long Term => _store.Term;

    /// <summary>With the jobs that an earlier coordinator has left.</summary>
    /// <param name="store">Held for as long as this is coordinator; its owner disposes of it.</param>
    /// <exception cref="UserException">What the store has cannot be read.</exception>
    public static async Task<CoordinatorDuty> CreateAsync(NodeContext node, NodeParts parts, ICoordinatorStore store)
    {
        var duty = new CoordinatorDuty(node, parts, store);
        await duty.Queue.LoadAsync().ConfigureAwait(false);
        return duty;
    }

    /// <summary>A coordinator that is worker or server too is a member like others, but that it cannot be lost.</summary>
    public void JoinOwnNode()
    {
        // Of none that this process has been before, nor of the coordinator's own part in jobs, which is of its term.
        ulong incarnation = (ulong)TimeProvider.System.GetUtcNow().ToUnixTimeMilliseconds();
        _parts.Admitted(new NodeAdmission(incarnation, Term));
        NodeRoles roles = _node.Configuration.Node.Roles & ~NodeRoles.Coordinator;
        if (roles == NodeRoles.None) return;
        Members.Join(new MemberDescription(new MemberId(_node.Name, incarnation), roles, _node.Endpoint.ToString(), _node.Workers, IsHere: true));
    }

    /// <summary>Until it is stopped: then the job that runs is interrupted, and waited for within bounds.</summary>
    /// <exception cref="ReignEndedException">Another process is the coordinator, or may be.</exception>
    /// <exception cref="UserException">The coordinator's state cannot be written.</exception>
    public async Task RunAsync(CancellationToken stop)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(stop, _store.Ended);
        _node.Rendezvous.Receive(_node, Joining, Members);
        Task watching = Members.WatchAsync(end.Token), running = Queue.RunAsync(end.Token);
        await Task.WhenAny(Task.Delay(Timeout.InfiniteTimeSpan, end.Token), running).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await watching.ConfigureAwait(false);
        try
        {
            await running.WaitAsync(MaxSaving, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _node.Tell($"the job has not ended within {MaxSaving.TotalSeconds} s: going without its last checkpoint");
        }
        if (!_store.IsHeld) throw new ReignEndedException("Another process is the coordinator, or may be.");
    }

    public void Dispose()
    {
        _over.Cancel();
        Queue.Dispose();
    }

    /// <summary>That members go when the reign is over says nothing of them.</summary>
    private void Tell(string line)
    {
        if (_store.IsHeld) _node.Tell(line);
    }
}
