using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// Messages of a generation that a member has not been told of yet: another member was told before it. They wait for the coordinator's word; those of
/// an older generation are void.
/// </summary>
internal sealed class EarlyMessages
{
    /// <summary>Above what all members of a run can send of one generation before they need this one's answer.</summary>
    private const int Capacity = 1 << 16;

    private readonly List<MemberMessage> _messages = [];

    /// <param name="current">What the member was told last; null before the first.</param>
    public void Keep(MemberMessage message, Assignment? current)
    {
        if (current is not null && message.Generation < current.Generation) return;
        if (_messages.Count == Capacity) throw new InvalidOperationException($"{Capacity} messages of generation {message.Generation} came before its assignment.");
        _messages.Add(message);
    }

    /// <summary>Those of the assignment's generation, in the order of their coming; older ones are dropped.</summary>
    public List<MemberMessage> Take(Assignment assignment)
    {
        var due = _messages.FindAll(m => m.Generation == assignment.Generation);
        _messages.RemoveAll(m => m.Generation <= assignment.Generation);
        return due;
    }
}
