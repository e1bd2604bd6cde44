using Akka.Actor;
using DistBp.Cluster.Nodes.Members;
using DistBp.Cluster.Wire.Akka;
using Google.Protobuf;

namespace DistBp.Akka;

/// <summary>Carries one membership of this node: finds the singleton, and is where that one's words to this node come, those of its jobs too.</summary>
internal sealed class MemberActor : ReceiveActor, IWithTimers
{
    private readonly IActorRef _proxy;
    private readonly CarriedSession _session;
    private readonly TimeSpan _interval;
    private IActorRef? _coordinator;

    /// <param name="proxy">Of the singleton.</param>
    public MemberActor(IActorRef proxy, CarriedSession session, TimeSpan interval)
    {
        (_proxy, _session, _interval) = (proxy, session, interval);
        Receive<Signal>(_ => OnTick());
        Receive<CoordinatorPlace>(_ => OnFound());
        Receive<IMessage>(_session.Hear, _ => Sender.Equals(_coordinator));
        Receive<Terminated>(_ => _session.Lose("Akka.Cluster counts it as gone"));
    }

    public ITimerScheduler Timers { get; set; } = null!;

    protected override void PreStart()
    {
        Timers.StartPeriodicTimer(nameof(Signal.Tick), Signal.Tick, TimeSpan.Zero, _interval);
        base.PreStart();
    }

    protected override void PostStop()
    {
        if (_session.IsMember) _coordinator?.Tell(new MembershipEnded());
        _session.Lose("this node is not in Akka.Cluster any more");
        base.PostStop();
    }

    private void OnTick()
    {
        if (_coordinator is null) _proxy.Tell(new CoordinatorSought());
        else _coordinator.Tell(_session.Speak());
    }

    private void OnFound()
    {
        if (_coordinator is not null) return;
        (IActorRef coordinator, IActorRef self) = (Sender, Self);
        _coordinator = coordinator;
        Context.Watch(coordinator);
        _session.Tell = word => coordinator.Tell(word, self);
        coordinator.Tell(_session.Speak());
    }
}
