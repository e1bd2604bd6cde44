namespace DistBp.Cluster.Wire.Members;

/// <summary>A tensor that was announced and is being received.</summary>
internal sealed class IncomingTensor
{
    public uint Number { get; private set; }

    public long ByteCount { get; private set; }

    public TensorTarget Target { get; private set; }

    public ReceivedRanges Ranges { get; } = new();

    public bool IsComplete => Ranges.Cover(ByteCount);

    /// <summary>What a message gets that holds it.</summary>
    public TensorBytes Received => Target.Received;

    /// <param name="isThere">In shared memory: nothing is to come.</param>
    public void Begin(uint number, long byteCount, TensorTarget target, bool isThere)
    {
        (Number, ByteCount, Target) = (number, byteCount, target);
        Ranges.Clear();
        if (isThere) Ranges.TryAdd(0, byteCount);
    }
}
