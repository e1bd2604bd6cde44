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
/// A node of a cluster: a gRPC server, and the cluster's coordinator, or one that stands by to be it, or a member that keeps to it, or both. Health: the service ""
/// is serving while the node runs, the service "ready" while it is a member or the coordinator.
/// </summary>
public sealed class ClusterNode : IAsyncDisposable
{
    private const string Ready = "ready";
    private static readonly TimeSpan LastCalls = TimeSpan.FromSeconds(1);

    private readonly HealthService _health = new();
    private readonly NodeContext _context;
    private readonly NodeParts _parts;
    private readonly CoordinatorOffice _office;
    private readonly CancellationTokenSource _disposed = new();
    private readonly Lock _readiness = new();
    private ICoordinatorStore? _store;
    private GrpcServer? _server;
    private Task _running = Task.CompletedTask;
    private bool _reigns;
    private bool _belongs;

    private ClusterNode(NodeContext context, Func<NodeContext, NodeParts> parts)
    {
        (_context, _office) = (context, new CoordinatorOffice(context));
        _parts = parts(_context);
    }

    /// <summary>Where other nodes and clients call this one.</summary>
    public NodeAddress Endpoint => _context.Endpoint;

    /// <summary>Null while this node is not the coordinator.</summary>
    internal CoordinatorDuty? Duty => _office.Duty;

    private bool IsCandidate => _context.Configuration.Node.Roles.HasFlag(NodeRoles.Coordinator);

    /// <param name="tell">Shows a line: who joins, leaves and is lost; called on any thread.</param>
    /// <exception cref="UserException">The configuration must not be so, or the address is not to be had.</exception>
    public static Task<ClusterNode> StartAsync(ClusterConfiguration configuration, Action<string> tell) =>
        StartAsync(configuration, ClusterRunner.Create, tell);

    /// <param name="warn">Shows what should not have happened; null: as <paramref name="tell"/> does.</param>
    /// <param name="rendezvous">Null: as the configuration says. It is disposed of with the node.</param>
    internal static async Task<ClusterNode> StartAsync(
        ClusterConfiguration configuration, Func<NodeContext, NodeParts> parts, Action<string> tell, Action<string>? warn = null, IRendezvous? rendezvous = null)
    {
        NodeChecks.Require(configuration);
        rendezvous ??= KnownRendezvous.Of(configuration, tell);
        var node = new ClusterNode(new NodeContext(configuration, rendezvous, new CallCredentials(configuration.Cluster), tell, warn ?? tell), parts);
        bool started = false;
        try
        {
            if (node.IsCandidate && !rendezvous.Elects) await node.BeginReignAsync().ConfigureAwait(false);
            await node.ListenAsync().ConfigureAwait(false);
            started = true;
            return node;
        }
        finally
        {
            if (!started) await node.DisposeAsync().ConfigureAwait(false);
        }
    }

    /// <summary>Until the node has left, or cannot be a member any more.</summary>
    /// <param name="leave">
    /// A member asks to be released, and goes; a coordinator at a known address interrupts the job that runs, waits for it, and goes; one that was elected leaves its
    /// jobs to the next one.
    /// </param>
    /// <exception cref="UserException">The coordinator refuses this node, or it or the rendezvous is out of reach for too long.</exception>
    public Task RunAsync(CancellationToken leave) => _running = BelongAsync(leave);

    /// <summary>Ends at once what still runs: to the cluster it is as if the process had died.</summary>
    public async ValueTask DisposeAsync()
    {
        // A coordinator goes silent first: those who watch a job see it break off, not end. What its runs are at is left to the next one.
        if (Duty is null) await _disposed.CancelAsync().ConfigureAwait(false);
        // Who is still in the middle of things breaks off as a process that dies; who has ended lets others hear the last of it.
        if (_server is not null)
        {
            await _server.StopAsync(_running.IsCompleted ? LastCalls : TimeSpan.Zero).ConfigureAwait(false);
            await _server.DisposeAsync().ConfigureAwait(false);
        }
        if (_store is not null) await _store.DisposeAsync().ConfigureAwait(false);
        await _disposed.CancelAsync().ConfigureAwait(false);
        // Its error is told to who awaits it.
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (_parts.Resident is { } resident) await resident.DisposeAsync().ConfigureAwait(false);
        Duty?.Dispose();
        await _context.Rendezvous.DisposeAsync().ConfigureAwait(false);
        _disposed.Dispose();
    }

    /// <summary>Before anybody can call: a coordinator that cannot be one does not start.</summary>
    private async Task BeginReignAsync()
    {
        _store = await _context.Rendezvous.ReignAsync(_context.Configuration.Node.Listen, CancellationToken.None).ConfigureAwait(false);
        _office.Duty = await CoordinatorDuty.CreateAsync(_context, _parts, _store).ConfigureAwait(false);
    }

    private async Task BelongAsync(CancellationToken leave)
    {
        using var go = CancellationTokenSource.CreateLinkedTokenSource(leave, _context.Rendezvous.Dismissed);
        if (!IsCandidate) await KeepToCoordinatorAsync(go.Token).ConfigureAwait(false);
        else if (_context.Rendezvous.Elects) await StandAsync(go.Token).ConfigureAwait(false);
        else await CoordinateAsync(Duty!, go.Token).ConfigureAwait(false);
        _health.Set("", serving: false);
    }

    private async Task CoordinateAsync(CoordinatorDuty duty, CancellationToken leave)
    {
        duty.JoinOwnNode();
        BeReady(reigns: true);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(leave, _disposed.Token);
        await duty.RunAsync(end.Token).ConfigureAwait(false);
    }

    private async Task KeepToCoordinatorAsync(CancellationToken leave)
    {
        using var membership = new Membership(_context, _parts, ready => BeReady(belongs: ready));
        await membership.RunAsync(leave, _disposed.Token).ConfigureAwait(false);
    }

    /// <summary>A candidate that is worker or server too is a member as well, of whoever reigns: it leaves as that first.</summary>
    private async Task StandAsync(CancellationToken leave)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(_disposed.Token);
        bool isMember = (_context.Configuration.Node.Roles & ~NodeRoles.Coordinator) != NodeRoles.None;
        using CancellationTokenRegistration leaving = isMember ? default : leave.UnsafeRegister(_ => end.Cancel(), null);
        Task standing = new Candidacy(_context, _parts, _office, reigns => BeReady(reigns: reigns)).RunAsync(end.Token);
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(leave);
        Task belonging = isMember ? KeepToCoordinatorAsync(failed.Token) : standing;
        // The one that fails ends the other.
        await Task.WhenAny(standing, belonging).ConfigureAwait(false);
        await end.CancelAsync().ConfigureAwait(false);
        await failed.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(standing, belonging).ConfigureAwait(false);
    }

    private void BeReady(bool? reigns = null, bool? belongs = null)
    {
        lock (_readiness)
        {
            (_reigns, _belongs) = (reigns ?? _reigns, belongs ?? _belongs);
            _health.Set(Ready, _reigns || _belongs);
        }
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
        GrpcServices checkedServices = services.Guarded(_context.Credentials.Check);
        _office.AddTo(checkedServices);
        _parts.AddMethods(checkedServices);
    }

    private void Report(Exception bug) => _context.Warn($"a bug in distbp: {bug}");
}
