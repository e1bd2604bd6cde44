using Akka.Actor;
using Akka.Cluster;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Rendezvous.Kept;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using DistBp.Cluster.Wire.Lanes;
using AkkaCluster = Akka.Cluster.Cluster;

namespace DistBp.Akka;

/// <summary>
/// The cluster's singleton: the coordinator's reign on this node. It has its state kept, says where the coordinator is, and takes members in. It ends with the
/// reign: handed over, downed, or over; then its manager begins another one.
/// </summary>
#pragma warning disable CA1001 // The store is disposed of by who reigns with it.
internal sealed class ReignActor : ReceiveActor, IWithTimers
#pragma warning restore CA1001
{
    public const string ManagerName = "coordinator", Name = "reign";

    private readonly Options _options;
    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly KeptReign<UniqueAddress> _reign;
    private KeptStore? _store;
    private MemberSessions<IActorRef>? _members;
    private CoordinatorPlace? _place;

    public ReignActor(Options options)
    {
        _options = options;
        IUntypedActorContext context = Context;
        _reign = new KeptReign<UniqueAddress>(
            (keeper, message) => context.ActorSelection(new RootActorPath(keeper.Address) / "user" / StateKeeper.Name).Tell(message, context.Self),
            options.Time.GetTimestamp, OnBegun, since => _store!.Hold(since));
        Receive<Signal>(_ => OnTick(), s => s == Signal.Tick);
        Receive<KeptSummary>(summary => Heard((keeper, keepers) => _reign.OnSummary(keeper, summary, keepers)));
        Receive<KeptValue>(value => Heard((keeper, keepers) => _reign.OnValue(keeper, value, keepers)));
        Receive<KeepingAnswer>(answer => Heard((keeper, keepers) => _reign.OnAnswer(keeper, answer, keepers)));
        Receive<StateChange>(change => _reign.OnChange(change, Keepers()));
        Receive<ReignOver>(OnOver);
        // Another node is to have the reign. Who holds parts of jobs here too hands them over in this one, as one who is told to go by a signal does.
        Receive<Signal>(_ => options.HandedOver.PipeTo(Self, success: () => PoisonPill.Instance));
        Receive<MemberSessions<IActorRef>>(members => _members = members);
        Receive<CoordinatorSought>(_ => Sender.Tell(_place), _ => _members is not null);
        Receive<JoinSought>(OnJoin, _ => _members is not null);
        Receive<Heartbeat>(heartbeat => _members?.Hear(heartbeat, Sender));
        Receive<LanePiece>(piece => _members?.Hear(piece, Sender));
        Receive<MembershipEnded>(_ => _members?.End(Sender, "the node has gone"));
        Receive<Terminated>(gone => _members?.End(gone.ActorRef, "Akka.Cluster counts its node as gone"));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Name, Signal.Tick, TimeSpan.Zero, _options.Interval);
        base.PreStart();
    }

    protected override void PostStop()
    {
        _store?.End();
        _members?.End();
        base.PostStop();
    }

    private void OnTick()
    {
        Keepers<UniqueAddress> keepers = Keepers();
        _reign.OnTick(keepers);
        _members?.Look(node => keepers.Unreachable.All(u => !u.Address.Equals(node.Path.Address)));
    }

    private void OnBegun(long term, IReadOnlyDictionary<string, byte[]> values)
    {
        IActorRef self = Self;
        _store = new KeptStore(term, values, message => self.Tell(message), _options.Bound, _options.Time, _options.Resign);
        _place = new CoordinatorPlace { Address = _options.Address, Name = _options.Name, Term = term };
        _options.Begun(_store, self);
    }

    /// <summary>The manager lets another reign begin in the place of this one.</summary>
    private static void OnOver(ReignOver over) => throw new ReignEndedException(over.Why);

    private void OnJoin(JoinSought join)
    {
        if (_members!.Join(join, Sender)) Context.Watch(Sender);
    }

    /// <summary>Who is no keeper now says nothing that counts.</summary>
    private void Heard(Action<UniqueAddress, Keepers<UniqueAddress>> take)
    {
        Address sender = Sender.Path.Address.HasLocalScope ? _cluster.SelfAddress : Sender.Path.Address;
        Keepers<UniqueAddress> keepers = Keepers();
        if (keepers.Up.FirstOrDefault(k => k.Address.Equals(sender)) is { } keeper) take(keeper, keepers);
    }

    private Keepers<UniqueAddress> Keepers() => new(
        [.. _cluster.State.Members.Where(m => m.Status == MemberStatus.Up && m.HasRole(AkkaSystem.CoordinatorRole)).Select(m => m.UniqueAddress)],
        _cluster.State.Unreachable.Select(m => m.UniqueAddress).ToHashSet());

    /// <param name="Name">Of this node.</param>
    /// <param name="Address">Where it is called over gRPC.</param>
    /// <param name="Interval">Of the reign's words to its keepers.</param>
    /// <param name="Bound">No other reign can have begun so soon after this one's keepers have followed it.</param>
    /// <param name="Begun">Given the state, and the singleton.</param>
    /// <param name="Resign">See <see cref="KeptStore"/>: this node leaves the cluster.</param>
    /// <param name="HandedOver">Nothing depends on this node's part in jobs any more, or it is waited for no longer.</param>
    internal sealed record Options(
        string Name, string Address, TimeSpan Interval, TimeSpan Bound, TimeProvider Time, Action<KeptStore, IActorRef> Begun, Func<Task> Resign, Task HandedOver);
}
