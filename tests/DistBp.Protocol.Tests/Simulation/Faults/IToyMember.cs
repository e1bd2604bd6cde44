using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>A worker or a server on a simulated node.</summary>
internal interface IToyMember
{
    Address Address { get; }

    void Step(Message message, EffectList effects);

    Message? Perform(Effect effect, Action<Address, Message> send);

    /// <summary>What a message brings that is not part of it; null: nothing.</summary>
    float[]? TensorOf(Message message);

    void Receive(Message message, float[] tensor);

    string Describe();
}
