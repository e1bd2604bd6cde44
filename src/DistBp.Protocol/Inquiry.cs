using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What the coordinator has asked of members, one thing at a time, and who of them has yet to answer.</summary>
internal sealed class Inquiry
{
    private readonly HashSet<Address> _awaited = [];

    /// <summary>Members that have not answered.</summary>
    public IReadOnlyCollection<Address> Awaited => _awaited;

    public bool IsAnswered => _awaited.Count == 0;

    /// <summary>Whoever has not answered what was asked before is not waited for any more.</summary>
    public void Begin() => _awaited.Clear();

    public void Ask(Address member, Message message, EffectList effects)
    {
        effects.Send(member, message);
        _awaited.Add(member);
    }

    public void AskServers(Assignment assignment, Message message, EffectList effects)
    {
        foreach (int server in assignment.Servers) Ask(Address.Server(server), message, effects);
    }

    public void AskWorkers(Assignment assignment, Message message, EffectList effects)
    {
        foreach (int worker in assignment.Workers) Ask(Address.Worker(worker), message, effects);
    }

    public bool Awaits(Address member) => _awaited.Contains(member);

    /// <summary>False where nothing is awaited of the member: its answer says nothing new.</summary>
    public bool Answer(Address member) => _awaited.Remove(member);

    /// <summary>True where the member was the last one that was waited for.</summary>
    public bool AnswerLast(Address member) => Answer(member) && IsAnswered;

    /// <summary>Of whoever is gone no answer comes.</summary>
    public void Forget(IEnumerable<Address> lost)
    {
        foreach (Address member in lost) _awaited.Remove(member);
    }
}
