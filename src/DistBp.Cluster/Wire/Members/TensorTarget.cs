using System.Runtime.InteropServices;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Members;

/// <summary>Where a receiver wants a tensor's bytes: its own memory, or nowhere.</summary>
internal readonly struct TensorTarget
{
    private readonly Memory<float> _floats;
    private readonly Memory<int> _integers;
    private readonly Memory<byte> _bytes;
    private readonly Encoding _encoding;

    public TensorTarget(Memory<float> floats) => (_floats, _encoding) = (floats, Encoding.Float32);

    public TensorTarget(Memory<int> integers) => (_integers, _encoding) = (integers, Encoding.Int32);

    public TensorTarget(Memory<byte> bytes, Encoding encoding) => (_bytes, _encoding) = (bytes, encoding);

    private TensorTarget(bool discards) => Discards = discards;

    /// <summary>The bytes are checked and dropped: of a message that is stale, for one.</summary>
    public static TensorTarget Discard => new(discards: true);

    public bool Discards { get; }

    public long ByteCount => ((long)_floats.Length + _integers.Length) * sizeof(float) + _bytes.Length;

    public static implicit operator TensorTarget(Memory<float> floats) => new(floats);

    public static implicit operator TensorTarget(Memory<int> integers) => new(integers);

    /// <summary>What has been received, to be read. Empty where it was discarded.</summary>
    public TensorBytes Received => _encoding switch
    {
        _ when !_floats.IsEmpty => new TensorBytes(_floats),
        _ when !_integers.IsEmpty => new TensorBytes(_integers),
        _ => new TensorBytes(_bytes, _encoding),
    };

    public Span<byte> Range(long offsetBytes, int byteCount)
    {
        // What TensorBytes gives to be read is this very memory.
        ReadOnlySpan<byte> range = Received.Range(offsetBytes, byteCount);
        return MemoryMarshal.CreateSpan(ref MemoryMarshal.GetReference(range), range.Length);
    }
}
