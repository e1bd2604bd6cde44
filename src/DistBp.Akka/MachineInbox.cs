using Akka.Actor;
using DistBp.Cluster.Actors;
using DistBp.Protocol.Messages;
using Machine = DistBp.Cluster.Actors.Actor;

namespace DistBp.Akka;

/// <summary>
/// Makes a job's coordinator, server or worker an actor of Akka.NET: it hosts the same state machine that is hosted without. What waits is bounded, as in any mailbox here.
/// </summary>
internal sealed class MachineInbox : IInbox
{
    private readonly Machine _machine;
    private readonly IActorRef _actor;
    private int _waiting;

    /// <param name="name">Nobody's so far.</param>
    public MachineInbox(ActorSystem system, string name, Machine machine)
    {
        _machine = machine;
        _actor = system.ActorOf(Props.Create(() => new MachineActor(this)).WithDispatcher(TurnDispatcher.Path), name);
    }

    public void Post(Message message)
    {
        if (Interlocked.Increment(ref _waiting) > Mailbox<Message>.Capacity) throw Mailbox<Message>.Full(_machine.Address.ToString());
        _actor.Tell(message, ActorRefs.NoSender);
    }

    public void End() => _actor.Tell(PoisonPill.Instance, ActorRefs.NoSender);

    private void Take(Message message)
    {
        Interlocked.Decrement(ref _waiting);
        _machine.Handle(message);
    }

    private sealed class MachineActor(MachineInbox inbox) : UntypedActor
    {
        protected override void OnReceive(object message)
        {
            if (message is Message word) inbox.Take(word);
            else Unhandled(message);
        }
    }
}
