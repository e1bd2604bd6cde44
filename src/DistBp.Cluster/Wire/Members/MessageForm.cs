using DistBp.Protocol;
using DistBp.Protocol.Messages;
using Body = DistBp.Cluster.Wire.Members.Contract.Envelope.BodyOneofCase;

namespace DistBp.Cluster.Wire.Members;

/// <summary>How one kind of message is written into an envelope and read from it.</summary>
internal abstract class MessageForm(Type type, Body body)
{
    public Type Type => type;

    public Body Body => body;

    public abstract void Write(MemberMessage message, Contract.Envelope envelope, ICollection<TensorBytes> tensors);

    public abstract MemberMessage Read(Contract.Envelope envelope, Generation generation, ref TensorReader tensors);
}

/// <summary>The form of <typeparamref name="T"/>.</summary>
/// <param name="body">Where it stands in the envelope.</param>
internal sealed class MessageForm<T>(Body body, MessageForm<T>.Writer write, MessageForm<T>.Reader read) : MessageForm(typeof(T), body)
    where T : MemberMessage
{
    /// <summary>Sets the body and adds the tensors in their order.</summary>
    public delegate void Writer(T message, Contract.Envelope envelope, ICollection<TensorBytes> tensors);

    /// <summary>Takes the tensors in the order in which they were added.</summary>
    public delegate T Reader(Contract.Envelope envelope, Generation generation, ref TensorReader tensors);

    public override void Write(MemberMessage message, Contract.Envelope envelope, ICollection<TensorBytes> tensors)
        => write((T)message, envelope, tensors);

    public override MemberMessage Read(Contract.Envelope envelope, Generation generation, ref TensorReader tensors)
        => read(envelope, generation, ref tensors);
}
