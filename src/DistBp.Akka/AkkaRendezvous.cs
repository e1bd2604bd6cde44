using System.Threading.Channels;
using Akka;
using Akka.Actor;
using Akka.Cluster.Tools.Singleton;
using DistBp.Cluster.Actors;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Rendezvous.Kept;
using DistBp.Cluster.Wire.Akka;
using DistBp.Learning;
using DistBp.Protocol.Membership;
using Machine = DistBp.Cluster.Actors.Actor;

namespace DistBp.Akka;

/// <summary>
/// The coordinator is the singleton of an Akka cluster on the role coordinator; who is there, and who is lost, Akka.Cluster says. Nodes of that role keep the
/// coordinator's state for the one after it.
/// </summary>
internal sealed class AkkaRendezvous : IRendezvous, IActorHosting
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250), MaxLeaving = TimeSpan.FromSeconds(30);

    private readonly ClusterConfiguration _configuration;
    private readonly Action<string> _tell;
    private readonly IActorRef _proxy;
    private readonly CancellationTokenSource _dismissed = new();
    private readonly TaskCompletionSource _handedOver = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>One at a time: a node's next reign begins after its last one.</summary>
    private readonly Channel<ICoordinatorStore> _reigns = Channel.CreateBounded<ICoordinatorStore>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropOldest });
    private IActorRef? _manager, _reign;
    private int _hosted;

    /// <param name="file">The cluster.hocon with the akka block.</param>
    /// <exception cref="UserException">Akka.NET does not start by it.</exception>
    public AkkaRendezvous(ClusterConfiguration c, string? file, Action<string> tell)
    {
        (_configuration, _tell, System) = (c, tell, AkkaSystem.Start(c, file, tell));
        string folder = Path.GetFullPath(Path.Combine(c.Storage.State, "akka"));
        if (c.Node.Roles.HasFlag(NodeRoles.Coordinator)) System.ActorOf(Props.Create(() => new StateKeeper(folder)), StateKeeper.Name);
        _proxy = System.ActorOf(ClusterSingletonProxy.Props(
            $"/user/{ReignActor.ManagerName}",
            ClusterSingletonProxySettings.Create(System).WithRole(AkkaSystem.CoordinatorRole).WithSingletonName(ReignActor.Name)));
        CoordinatedShutdown.Get(System).AddTask(AkkaSystem.HandOverPhase, "distbp", HandOverAsync);
    }

    public ActorSystem System { get; }

    public bool Elects => true;

    public IActorHosting Hosting => this;

    public CancellationToken Dismissed => _dismissed.Token;

    public async Task<NodeAddress> FindAsync(CancellationToken cancellation)
    {
        TimeSpan limit = _configuration.FailureDetector.AcceptablePause * ReconnectPatience.Pauses;
        for (TimeSpan waited = TimeSpan.Zero; waited < limit; waited += Patience)
        {
            RequireMembership();
            try
            {
                CoordinatorPlace place = await _proxy.Ask<CoordinatorPlace>(new CoordinatorSought(), Patience, cancellation).ConfigureAwait(false);
                return NodeAddress.Parse(place.Address, place.Name);
            }
            catch (AskTimeoutException)
            {
                // There is none yet.
            }
        }
        throw new UserException(
            ErrorKind.Cluster, $"waited {limit.TotalSeconds} s for a coordinator in the Akka cluster", $"node {_configuration.Node.Name}",
            "start nodes with the role coordinator, and check akka.cluster.seed-nodes and the network");
    }

    public async Task<ICoordinatorStore> ReignAsync(NodeAddress self, CancellationToken cancellation)
    {
        _manager ??= StartSingleton(self);
        Task<ICoordinatorStore> reign = _reigns.Reader.ReadAsync(cancellation).AsTask();
        await Task.WhenAny(reign, System.WhenTerminated).ConfigureAwait(false);
        if (!reign.IsCompleted) RequireMembership();
        return await reign.ConfigureAwait(false);
    }

    public IMembershipSession Open(NodeContext node, CancellationToken abort) => new CarriedSession(node, Carry, abort);

    public void Receive(NodeContext node, JoinService joining, ClusterMembers members)
    {
        if (_reign is not { } reign) return;
        reign.Tell(new MemberSessions<IActorRef>(node, joining, members, (peer, word) => peer.Tell(word, reign)));
    }

    /// <summary>By the name that they have in the actor system: the same one may be hosted anew.</summary>
    public IInbox Host(long job, Machine actor) => new MachineInbox(System, $"job-{job}-{actor.Address}-{Interlocked.Increment(ref _hosted)}".Replace(' ', '-'), actor);

    public async ValueTask DisposeAsync()
    {
        await LeaveAsync().ConfigureAwait(false);
        _dismissed.Dispose();
    }

    private Action Carry(CarriedSession session)
    {
        TimeSpan interval = _configuration.FailureDetector.HeartbeatInterval;
        IActorRef carrier = System.ActorOf(Props.Create(() => new MemberActor(_proxy, session, interval)));
        return () => System.Stop(carrier);
    }

    private IActorRef StartSingleton(NodeAddress self)
    {
        // Nobody is taken out of the cluster before he was silent for the one, and counted as unreachable for the other.
        global::Akka.Configuration.Config cluster = System.Settings.Config.GetConfig("akka.cluster");
        TimeSpan settled = cluster.GetTimeSpan("failure-detector.acceptable-heartbeat-pause") + cluster.GetTimeSpan("split-brain-resolver.stable-after");
        var options = new ReignActor.Options(
            _configuration.Node.Name, self.ToString(), _configuration.FailureDetector.HeartbeatInterval, settled, TimeProvider.System, Begin, LeaveAsync, _handedOver.Task);
        ClusterSingletonManagerSettings settings = ClusterSingletonManagerSettings.Create(System).WithRole(AkkaSystem.CoordinatorRole).WithSingletonName(ReignActor.Name);
        return System.ActorOf(ClusterSingletonManager.Props(Props.Create(() => new ReignActor(options)), Signal.Resign, settings), ReignActor.ManagerName);
    }

    private void Begin(KeptStore store, IActorRef reign)
    {
        _reign = reign;
        _reigns.Writer.TryWrite(store);
    }

    /// <summary>
    /// The first phase of this node's shutdown, whoever began it. Where that is somebody else, who has asked Akka.Cluster to let this node go, its work is handed over
    /// first; where this node was taken out, the others go on without it.
    /// </summary>
    private async Task<Done> HandOverAsync()
    {
        if (!_handedOver.Task.IsCompleted && CoordinatedShutdown.Get(System).ShutdownReason is not CoordinatedShutdown.ClusterDowningReason)
        {
            _tell("Akka.Cluster lets this node go: it hands over what it has first");
            await _dismissed.CancelAsync().ConfigureAwait(false);
            await Task.WhenAny(_handedOver.Task, Task.Delay(MaxLeaving)).ConfigureAwait(false);
        }
        _handedOver.TrySetResult();
        return Done.Instance;
    }

    /// <summary>Gracefully: the singleton is handed over, the others are told, and this node's actor system ends.</summary>
    private async Task LeaveAsync()
    {
        _handedOver.TrySetResult();
        Task leaving = CoordinatedShutdown.Get(System).Run(CoordinatedShutdown.ClusterLeavingReason.Instance);
        try
        {
            await leaving.WaitAsync(MaxLeaving).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            _tell($"Akka.Cluster has not let this node go within {MaxLeaving.TotalSeconds} s: going without");
        }
    }

    private void RequireMembership()
    {
        if (!System.WhenTerminated.IsCompleted) return;
        throw new UserException(
            ErrorKind.Cluster, "Akka.Cluster has taken this node out of the cluster", $"node {_configuration.Node.Name}",
            "it was cut off from the others, or too slow to answer: check the network and the machine, and start it again");
    }
}
