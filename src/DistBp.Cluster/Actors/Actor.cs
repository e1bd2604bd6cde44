using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// A mailbox that hosts a state machine: receive, step, perform the effects; it decides nothing. A message is handled by the thread that
/// posted it unless another one is at it, so that a step crosses no thread without need; handling is short, for all computing is left to
/// the <see cref="ComputePool"/>.
/// </summary>
internal abstract class Actor(Address address, ITransport transport)
{
    private readonly Mailbox<Message> _mailbox = new(address.ToString());
    private readonly EffectList _effects = new();

    public Address Address => address;

    protected ITransport Transport => transport;

    public void Post(Message message)
    {
        if (_mailbox.Post(message)) Turn.Take(this);
    }

    /// <summary>Handles all messages there are. Only by <see cref="Turn"/>: one thread at a time.</summary>
    internal void Drain()
    {
        while (_mailbox.TryTake(out Message? message))
        {
            if (transport.HasFailed) continue;
            try
            {
                Step(message!, _effects);
                foreach (ref readonly EffectList.Entry entry in _effects.Entries)
                {
                    if (entry.Message is { } sent) transport.Send(address, entry.Target, sent);
                    else Perform(entry.Effect!);
                }
            }
            catch (Exception failure)
            {
                // The edge of the host: whatever went wrong here ends the run and is told by it.
                transport.Fail(failure);
            }
            finally
            {
                _effects.Clear();
            }
        }
    }

    /// <summary>One line: the hosted machine's step.</summary>
    protected abstract void Step(Message message, EffectList effects);

    protected abstract void Perform(Effect effect);
}
