using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Members;

/// <summary>A tensor that was announced and is being received.</summary>
internal sealed class IncomingTensor
{
    public uint Number { get; private set; }

    public long ByteCount { get; private set; }

    public TensorTarget Target { get; private set; }

    /// <summary>Of the message that it belongs to, or of its announcement; null: of none.</summary>
    public Envelope? Envelope { get; private set; }

    public ReceivedRanges Ranges { get; } = new();

    public bool IsComplete => Ranges.Cover(ByteCount);

    /// <summary>What a message gets that holds it.</summary>
    public TensorBytes Received => Target.Received;

    /// <param name="isThere">In shared memory: nothing is to come.</param>
    public void Begin(Envelope? envelope, uint number, long byteCount, TensorTarget target, bool isThere)
    {
        (Envelope, Number, ByteCount, Target) = (envelope, number, byteCount, target);
        Ranges.Clear();
        if (isThere) Ranges.TryAdd(0, byteCount);
    }
}
