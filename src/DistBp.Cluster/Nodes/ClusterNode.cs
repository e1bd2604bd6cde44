using System.Net;
using System.Net.Sockets;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Configuration.Clusters;
using DistBp.Cluster.Hosting;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Wire.Grpc;
using DistBp.Cluster.Wire.Health;
using DistBp.Learning;
using DistBp.Protocol.Membership;

namespace DistBp.Cluster.Nodes;

/// <summary>
/// A node of a cluster: a gRPC server, and either the cluster's coordinator or a member that keeps to it. Health: the service "" is serving
/// while the node runs, the service "ready" while it is a member (or the coordinator).
/// </summary>
public sealed class ClusterNode : IAsyncDisposable
{
    private const string Ready = "ready";
    private static readonly TimeSpan LastCalls = TimeSpan.FromSeconds(1);

    private readonly HealthService _health = new();
    private readonly NodeContext _context;
    private readonly NodeParts _parts;
    private readonly ICoordinatorStore? _store;
    private readonly CancellationTokenSource _disposed = new();
    private CoordinatorDuty? _duty;
    private GrpcServer _server = null!;
    private Task _running = Task.CompletedTask;

    private ClusterNode(NodeContext context, Func<NodeContext, NodeParts> parts, ICoordinatorStore? store)
    {
        (_context, _store) = (context, store);
        _parts = parts(_context);
    }

    /// <summary>Where other nodes and clients call this one.</summary>
    public NodeAddress Endpoint => _context.Endpoint;

    /// <summary>Null where this node is no coordinator.</summary>
    internal CoordinatorDuty? Duty => _duty;

    /// <param name="tell">Shows a line: who joins, leaves and is lost; called on any thread.</param>
    /// <exception cref="UserException">The configuration must not be so, or the address is not to be had.</exception>
    public static Task<ClusterNode> StartAsync(ClusterConfiguration configuration, Action<string> tell) =>
        StartAsync(configuration, ClusterRunner.Create, tell);

    /// <param name="warn">Shows what should not have happened; null: as <paramref name="tell"/> does.</param>
    /// <param name="store">A coordinator's state; null: where the configuration says. It is disposed of with the node.</param>
    internal static async Task<ClusterNode> StartAsync(
        ClusterConfiguration configuration, Func<NodeContext, NodeParts> parts, Action<string> tell, Action<string>? warn = null, ICoordinatorStore? store = null)
    {
        NodeChecks.Require(configuration);
        bool isCoordinator = configuration.Node.Roles.HasFlag(NodeRoles.Coordinator);
        if (isCoordinator) store ??= await CoordinatorStores.OpenAsync(configuration).ConfigureAwait(false);
        var node = new ClusterNode(new NodeContext(configuration, new CallCredentials(configuration.Cluster), tell, warn ?? tell), parts, store);
        try
        {
            if (isCoordinator) node._duty = await CoordinatorDuty.CreateAsync(node._context, node._parts, store!).ConfigureAwait(false);
            await node.ListenAsync().ConfigureAwait(false);
        }
        catch (UserException)
        {
            if (store is not null) await store.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        return node;
    }

    /// <summary>Until the node has left, or cannot be a member any more.</summary>
    /// <param name="leave">A member asks to be released, and goes; a coordinator interrupts the job that runs, waits for it, and goes.</param>
    /// <exception cref="UserException">The coordinator refuses this node, or is out of reach for too long.</exception>
    public Task RunAsync(CancellationToken leave) => _running = BelongAsync(leave);

    /// <summary>Ends at once what still runs: to the cluster it is as if the process had died.</summary>
    public async ValueTask DisposeAsync()
    {
        // A coordinator goes silent first: those who watch a job see it break off, not end. What its runs are at is left to the next one.
        if (_duty is null) await _disposed.CancelAsync().ConfigureAwait(false);
        // Who is still in the middle of things breaks off as a process that dies; who has ended lets others hear the last of it.
        await _server.StopAsync(_running.IsCompleted ? LastCalls : TimeSpan.Zero).ConfigureAwait(false);
        await _server.DisposeAsync().ConfigureAwait(false);
        if (_store is not null) await _store.DisposeAsync().ConfigureAwait(false);
        await _disposed.CancelAsync().ConfigureAwait(false);
        // Its error is told to who awaits it.
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_parts.Resident is { } resident) await resident.DisposeAsync().ConfigureAwait(false);
        _duty?.Dispose();
        _disposed.Dispose();
    }

    private async Task BelongAsync(CancellationToken leave)
    {
        if (_duty is not null)
        {
            _duty.JoinOwnNode();
            _health.Set(Ready, serving: true);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(leave, _disposed.Token);
            await _duty.RunAsync(end.Token).ConfigureAwait(false);
        }
        else
        {
            using var membership = new Membership(
                _context, CoordinatorAddress.Find(_context.Configuration.Rendezvous), _parts, ready => _health.Set(Ready, ready));
            await membership.RunAsync(leave, _disposed.Token).ConfigureAwait(false);
        }
        _health.Set("", serving: false);
    }

    private async Task ListenAsync()
    {
        NodeConfiguration node = _context.Configuration.Node;
        IPEndPoint listen = node.Listen.EndPoint("distbp.node.listen");
        try
        {
            _server = await GrpcServer.StartAsync(listen, _context.Limits, AddMethods, Report).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or SocketException)
        {
            throw new UserException(
                ErrorKind.Usage, $"the node cannot listen there: {(e.InnerException ?? e).Message}", node.Listen.ToString(),
                "stop what listens there, or choose another address or port with --listen (port 0: a free one)", e);
        }
        _context.Endpoint = node.Advertise ?? node.Listen with { Port = _server.Address.Port };
        _health.Set("", serving: true);
        _health.Set(Ready, serving: false);
    }

    private void AddMethods(GrpcServices services)
    {
        _health.AddTo(services);
        GrpcServices checkedServices = services.Guarded(call => _context.Credentials.Check(call.Metadata));
        if (_duty is not null) _duty.AddTo(checkedServices);
        else new ElsewhereService(CoordinatorAddress.Find(_context.Configuration.Rendezvous)).AddTo(checkedServices);
        _parts.AddMethods(checkedServices);
    }

    private void Report(Exception bug) => _context.Warn($"a bug in distbp: {bug}");
}
