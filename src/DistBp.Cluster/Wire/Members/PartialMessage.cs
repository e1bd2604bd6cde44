using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Members;

/// <summary>
/// A message that leaves while its tensors are still being computed (see <see cref="NodeLink.Begin"/>). Ranges go in any order, from any
/// thread, and between them other messages to the same peer; each byte goes once. A range must stay unchanged from then on, as the tensors of
/// any message.
/// </summary>
internal sealed class PartialMessage(NodeLink link, IReadOnlyList<Tensor> announced, IReadOnlyList<TensorBytes> tensors)
{
    /// <summary>A range of a tensor is ready.</summary>
    /// <param name="tensor">Counted from 0.</param>
    public void Send(int tensor, long offsetBytes, long byteCount)
    {
        if (announced[tensor].Place is null && byteCount > 0) link.Add(LinkItem.Range(announced[tensor].Number, tensors[tensor], offsetBytes, byteCount));
    }

    /// <summary>All ranges were sent. The message takes its place in the order now.</summary>
    /// <param name="envelope">The whole message, without tensors: they are the announced ones.</param>
    public void Finish(Envelope envelope)
    {
        envelope.Tensors.Add(announced);
        link.Add(LinkItem.OfMessage(envelope, tensors: null));
    }

    /// <summary>The message will not be sent: the receiver may forget its tensors.</summary>
    public void Abandon()
    {
        var abandonment = new Abandonment();
        foreach (Tensor tensor in announced) abandonment.Tensors.Add(tensor.Number);
        link.Add(LinkItem.OfControl(new Delivery { Abandonment = abandonment }));
    }
}
