namespace DistBp.Cluster.Wire.Members;

/// <summary>What waits to be sent: a message and behind it its tensors, or a word to the stream, or a range of a tensor, or a mark in the order.</summary>
/// <param name="Message">Its delivery is written around it; null: there is none.</param>
/// <param name="Tensors">That follow in whole, as the message announces them; null: none.</param>
/// <param name="Control">Null: there is none.</param>
/// <param name="Number">Of the tensor whose range follows.</param>
internal readonly record struct LinkItem(
    Contract.Envelope? Message, IReadOnlyList<TensorBytes>? Tensors, Contract.Delivery? Control, uint Number, TensorBytes Tensor,
    long OffsetBytes, long ByteCount, TaskCompletionSource? Sent, bool EndsStream, bool MayWait)
{
    /// <param name="mayWait">A while, for others to leave together with.</param>
    public static LinkItem OfMessage(Contract.Envelope message, IReadOnlyList<TensorBytes>? tensors, bool mayWait = false)
        => new() { Message = message, Tensors = tensors, MayWait = mayWait };

    public static LinkItem OfControl(Contract.Delivery control) => new() { Control = control };

    public static LinkItem Range(uint number, TensorBytes tensor, long offsetBytes, long byteCount)
        => new() { Number = number, Tensor = tensor, OffsetBytes = offsetBytes, ByteCount = byteCount };

    public static LinkItem Mark(TaskCompletionSource sent, bool endsStream) => new() { Sent = sent, EndsStream = endsStream };
}
