using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace DistBp.Learning;

/// <summary>
/// The owner of a long-lived tensor's memory: zeroed, 64-byte aligned (one cache line, one 512-bit vector; longer ones than a page: on a page), at an address that never moves, so that
/// a span over it is safe as long as its owner is there.
/// </summary>
public sealed unsafe class TensorBuffer
{
    private const int AlignmentFloats = 16, AlignmentBytes = AlignmentFloats * sizeof(float);

    // Loops over several tensors go on at the same place of a page in all of them: a load from where, modulo a page, a store to another
    // tensor has just gone waits for it, as if it were the same address (seen: an Adam update a third longer).
    private const int PageFloats = 1024;
    private readonly float* _start;

    /// <summary>On the pinned heap.</summary>
    /// <param name="length">In floats.</param>
    public TensorBuffer(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        int alignment = length < PageFloats ? AlignmentFloats : PageFloats;
        float[] array = GC.AllocateArray<float>(length + alignment, pinned: true);
        nuint address = (nuint)Unsafe.AsPointer(ref MemoryMarshal.GetArrayDataReference(array));
        int before = (int)(((nuint)alignment - address / sizeof(float) % (nuint)alignment) % (nuint)alignment);
        _start = (float*)address + before;
        (Length, Memory) = (length, array.AsMemory(before, length));
    }

    /// <summary>Over memory that is there: shared with another process, for one.</summary>
    /// <param name="memory">Zeroed, aligned, and where it is for good: what holds the memory holds its address too.</param>
    public TensorBuffer(Memory<float> memory)
    {
        _start = (float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory.Span));
        (Length, Memory) = (memory.Length, memory);
        if ((nuint)_start % AlignmentBytes != 0) throw new ArgumentException("The memory is not aligned.", nameof(memory));
    }

    /// <summary>In floats.</summary>
    public int Length { get; }

    public Span<float> Span
    {
        get
        {
            var span = new Span<float>(_start, Length);
            // From here on the span itself holds an array of the pinned heap; an address alone would not.
            GC.KeepAlive(this);
            return span;
        }
    }

    public Memory<float> Memory { get; }
}
