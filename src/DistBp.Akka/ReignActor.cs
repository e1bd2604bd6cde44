using Akka.Actor;
using DistBp.Cluster.Rendezvous;
using DistBp.Cluster.Wire.Akka;
using DistBp.Cluster.Wire.Control;
using Google.Protobuf;
using AkkaCluster = Akka.Cluster.Cluster;
using UniqueAddress = Akka.Cluster.UniqueAddress;

namespace DistBp.Akka;

/// <summary>
/// The cluster's singleton: the coordinator's reign on this node. It asks the keepers what the reigns before have left, claims a term above all of them, and from
/// then on has its state kept, says where the coordinator is, and takes members in. It ends with the reign: handed over, or downed.
/// </summary>
internal sealed class ReignActor : ReceiveActor, IWithTimers
{
    public const string ManagerName = "coordinator", Name = "reign";

    private readonly ReignOptions _options;
    private readonly AkkaCluster _cluster = AkkaCluster.Get(Context.System);
    private readonly StateCensus _census = new();
    private readonly Dictionary<string, Keeping> _kept = [];
    private Keeping? _claim;
    private KeptStore? _store;
    private MemberSessions? _members;
    private long _term, _number;

    public ReignActor(ReignOptions options)
    {
        _options = options;
        Receive<Tick>(_ => OnTick());
        Receive<KeptSummary>(summary => Heard(keeper => _census.Add(keeper, summary)));
        Receive<KeptValue>(value => Heard(keeper => _census.Add(keeper, value)));
        Receive<KeepingAnswer>(OnAnswer);
        Receive<StateChange>(OnChange);
        Receive<ReignOver>(over => End(over.Why));
        Receive<MemberSessions>(members => _members = members);
        Receive<CoordinatorSought>(_ => Sender.Tell(new CoordinatorPlace { Address = _options.Address, Name = _options.Name, Term = _term }), _ => _members is not null);
        Receive<JoinSought>(OnJoin, _ => _members is not null);
        Receive<Heartbeat>(heartbeat => _members?.Hear(heartbeat, Sender));
        Receive<MembershipEnded>(_ => _members?.End(Sender, "the node has gone"));
        Receive<Terminated>(gone => _members?.End(gone.ActorRef, "Akka.Cluster counts its node as gone"));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(Name, Tick.Instance, TimeSpan.Zero, _options.Interval);
        base.PreStart();
    }

    protected override void PostStop()
    {
        _store?.End();
        base.PostStop();
    }

    private void OnTick()
    {
        Keepers keepers = Keepers.Of(_cluster.State);
        if (_term == 0)
        {
            foreach (UniqueAddress keeper in keepers.Up.Where(_census.Lacks)) Send(keeper, new StateSought());
            return;
        }
        foreach (Keeping keeping in (Keeping[])[_claim!, .. _kept.Values])
        {
            foreach (UniqueAddress keeper in keepers.Up.Where(k => !keeping.Answered.Contains(k))) Send(keeper, keeping.Message);
            keeping.Judge(keepers);
        }
        if (_store is not null && _claim!.Judge(keepers)) Claim(_store.Hold);
        _members?.Look(keepers.Unreachable.Select(u => u.Address).ToHashSet());
    }

    private void Heard(Action<UniqueAddress> take)
    {
        Keepers keepers = Keepers.Of(_cluster.State);
        if (_term > 0 || KeeperOf(Sender, keepers) is not { } keeper) return;
        take(keeper);
        if (_census.IsTaken(keepers)) Begin(_census.Term + 1, _census.Result());
    }

    private void Begin(long term, IReadOnlyDictionary<string, byte[]> values)
    {
        _term = term;
        IActorRef self = Self;
        foreach ((string name, byte[] value) in values) Keep(name, value, () => { });
        Claim(since =>
        {
            _store = new KeptStore(term, values, self, _options.Bound, _options.Time, _options.Resign);
            _store.Hold(since);
            _options.Begun(_store, self);
        });
    }

    /// <summary>The singleton's manager lets another one begin in its place.</summary>
    private void End(string why) => throw new ReignEndedException($"Reign {_term} is over: {why}.");

    private void Claim(Action<long> held)
    {
        long since = _options.Time.GetTimestamp();
        _claim = new Keeping(++_number, new ReignHeld { Term = _term, Number = _number, Names = { _kept.Where(IsThere).Select(k => k.Key) } }, () => held(since));
        SendAll(_claim);
    }

    private static bool IsThere(KeyValuePair<string, Keeping> kept) => !((KeptValue)kept.Value.Message).Deleted;

    private void Keep(string name, byte[]? value, Action kept)
    {
        var message = new KeptValue
        {
            Name = name, Term = _term, Number = ++_number, Value = value is null ? ByteString.Empty : ByteString.CopyFrom(value), Deleted = value is null,
        };
        // One that is replaced before it was kept is kept with the one that replaces it.
        Action both = _kept.TryGetValue(name, out Keeping? before) ? kept + before.Kept : kept;
        _kept[name] = new Keeping(_number, message, both);
        // Keepers take none before they follow the reign.
        if (_store is not null) SendAll(_kept[name]);
    }

    private void OnChange(StateChange change) => Keep(change.Name, change.Value, () => change.Done.TrySetResult());

    private void OnAnswer(KeepingAnswer answer)
    {
        if (answer.Term > _term) End($"reign {answer.Term} has begun");
        Keepers keepers = Keepers.Of(_cluster.State);
        if (KeeperOf(Sender, keepers) is not { } keeper) return;
        foreach (Keeping keeping in (Keeping[])[_claim!, .. _kept.Values])
        {
            if (keeping.Number == answer.Number && keeping.Answered.Add(keeper)) keeping.Judge(keepers);
        }
    }

    private void SendAll(Keeping keeping)
    {
        foreach (UniqueAddress keeper in Keepers.Of(_cluster.State).Up) Send(keeper, keeping.Message);
    }

    private static void Send(UniqueAddress keeper, IMessage message) =>
        Context.ActorSelection(new RootActorPath(keeper.Address) / "user" / StateKeeper.Name).Tell(message);

    private UniqueAddress? KeeperOf(IActorRef sender, Keepers keepers) =>
        keepers.Find(sender.Path.Address.HasLocalScope ? _cluster.SelfAddress : sender.Path.Address);

    private void OnJoin(JoinSought join)
    {
        if (_members!.Join(join, Sender)) Context.Watch(Sender);
    }

    private sealed class Tick
    {
        public static readonly Tick Instance = new();
    }
}
