using System.Runtime.InteropServices;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Effects;

/// <summary>What a state machine asks its host to do; performed in order after the step.</summary>
public abstract record Effect;

/// <summary>The effects of one step. Reused: after warm-up it allocates nothing but the messages themselves.</summary>
public sealed class EffectList
{
    private readonly List<Entry> _entries = [];

    public ReadOnlySpan<Entry> Entries => CollectionsMarshal.AsSpan(_entries);

    public void Send(Address target, Message message) => _entries.Add(new Entry(target, message, null));

    public void Perform(Effect effect) => _entries.Add(new Entry(default, null, effect));

    public void Clear() => _entries.Clear();

    /// <summary>Either a message to send or an effect to perform.</summary>
    public readonly record struct Entry(Address Target, Message? Message, Effect? Effect);
}
