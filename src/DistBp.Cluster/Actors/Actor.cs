using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// Hosts a state machine: receive, step, perform the effects; it decides nothing. Who handles its messages, and when, is its <see cref="IInbox"/>'s affair;
/// handling is short, for all computing is left to the <see cref="ComputePool"/>.
/// </summary>
internal abstract class Actor(Address address, ITransport transport)
{
    private readonly EffectList _effects = new();
    private IInbox? _inbox;

    public Address Address => address;

    protected ITransport Transport => transport;

    private IInbox Inbox => _inbox ?? throw new InvalidOperationException($"{address} is hosted by nobody.");

    /// <summary>Before the first message.</summary>
    public void BeHosted(IActorHosting hosting, long job) => _inbox = hosting.Host(job, this);

    public void Post(Message message) => Inbox.Post(message);

    /// <summary>No message is waited for any more.</summary>
    public void End() => Inbox.End();

    /// <summary>Only by its inbox: one thread at a time.</summary>
    internal void Handle(Message message)
    {
        if (transport.HasFailed) return;
        try
        {
            Step(message, _effects);
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

    /// <summary>One line: the hosted machine's step.</summary>
    protected abstract void Step(Message message, EffectList effects);

    protected abstract void Perform(Effect effect);
}
