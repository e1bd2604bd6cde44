using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistBp.Learning;

/// <summary>
/// The owner of a long-lived tensor's memory: zeroed, 64-byte aligned (one cache line, one 512-bit vector), on the pinned heap, so that its
/// address never moves and a span over it is always safe.
/// </summary>
public sealed class TensorBuffer
{
    private const int AlignmentFloats = 16;
    private readonly float[] _array;
    private readonly int _start;

    /// <param name="length">In floats.</param>
    public TensorBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        Length = length;
        _array = GC.AllocateArray<float>(length + AlignmentFloats, pinned: true);
        _start = FloatsToBoundary(_array);
    }

    /// <summary>In floats.</summary>
    public int Length { get; }

    public Span<float> Span => _array.AsSpan(_start, Length);

    public Memory<float> Memory => _array.AsMemory(_start, Length);

    private static unsafe int FloatsToBoundary(float[] pinned)
    {
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(pinned));
        return (int)((AlignmentFloats - (address / sizeof(float) % AlignmentFloats)) % AlignmentFloats);
    }
}
