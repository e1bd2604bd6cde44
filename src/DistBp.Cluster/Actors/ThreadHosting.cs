using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// Hosts actors on the threads that bring their messages: a message is handled by the thread that posted it unless another one is at it, so that a step crosses no thread
/// without need.
/// </summary>
internal sealed class ThreadHosting : IActorHosting
{
    public static readonly ThreadHosting Instance = new();

    public IInbox Host(long job, Actor actor) => new Inbox(actor);

    private sealed class Inbox(Actor actor) : IInbox
    {
        private readonly Mailbox<Message> _mailbox = new(actor.Address.ToString());

        public void Post(Message message)
        {
            if (_mailbox.Post(message)) Turn.Take(this, static inbox => ((Inbox)inbox).Drain());
        }

        public void End()
        {
            // What its actor still sends goes nowhere.
        }

        private void Drain()
        {
            while (_mailbox.TryTake(out Message? message)) actor.Handle(message!);
        }
    }
}
