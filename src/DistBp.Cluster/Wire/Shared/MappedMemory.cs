using System.Buffers;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>A mapping as memory of elements. Whoever holds a piece of it holds the mapping.</summary>
internal sealed unsafe class MappedMemory<T>(SharedMapping mapping, T* start, int count) : MemoryManager<T>
    where T : unmanaged
{
    /// <summary>What must stay while this does.</summary>
    public SharedMapping Mapping => mapping;

    public override Span<T> GetSpan() => new(start, count);

    public override MemoryHandle Pin(int elementIndex = 0) => new(start + elementIndex, default, this);

    public override void Unpin()
    {
        // It never moves.
    }

    protected override void Dispose(bool disposing)
    {
        // See SharedMapping.
    }
}
