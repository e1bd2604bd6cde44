namespace DistBp.Cluster.Wire.Members;

/// <summary>What waits to be sent: a delivery and behind it its tensors, or a range of a tensor, or a mark in the order.</summary>
/// <param name="Delivery">Null: there is none.</param>
/// <param name="Numbers">Of the tensors that follow in whole; null: none.</param>
/// <param name="Number">Of the tensor whose range follows.</param>
internal readonly record struct LinkItem(
    Contract.Delivery? Delivery, Contract.Envelope? Numbers, IReadOnlyList<TensorBytes>? Tensors, uint Number, TensorBytes Tensor,
    long OffsetBytes, long ByteCount, TaskCompletionSource? Sent, bool EndsStream)
{
    public static LinkItem Message(Contract.Envelope envelope, IReadOnlyList<TensorBytes> tensors)
        => new() { Delivery = new() { Envelope = envelope }, Numbers = envelope, Tensors = tensors };

    public static LinkItem Control(Contract.Delivery delivery) => new() { Delivery = delivery };

    public static LinkItem Range(uint number, TensorBytes tensor, long offsetBytes, long byteCount)
        => new() { Number = number, Tensor = tensor, OffsetBytes = offsetBytes, ByteCount = byteCount };

    public static LinkItem Mark(TaskCompletionSource sent, bool endsStream) => new() { Sent = sent, EndsStream = endsStream };
}
