using System.IO.MemoryMappedFiles;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>
/// A file mapped into memory. It stays mapped as long as anybody holds memory of it, whatever becomes of the file and of who made it: a tensor that
/// a vanished peer has sent can still be read.
/// </summary>
internal sealed unsafe class SharedMapping
{
    // Not disposed of: unmapping under a reader would end the process. The garbage collector does it after the last reader.
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _start;

    /// <param name="byteCount">Of the file.</param>
    public SharedMapping(FileStream file, long byteCount, MemoryMappedFileAccess access)
    {
        using var mapped = MemoryMappedFile.CreateFromFile(file, null, byteCount, access, HandleInheritability.None, leaveOpen: true);
        _view = mapped.CreateViewAccessor(0, byteCount, access);
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref _start);
        // Only the address is wanted; the view itself is held by this object.
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        ByteCount = byteCount;
        Floats = new MappedMemory<float>(this, (float*)_start, (int)Math.Min(int.MaxValue, byteCount / sizeof(float))).Memory;
        Integers = new MappedMemory<int>(this, (int*)_start, (int)Math.Min(int.MaxValue, byteCount / sizeof(int))).Memory;
        Bytes = new MappedMemory<byte>(this, _start, (int)Math.Min(int.MaxValue, byteCount)).Memory;
    }

    public long ByteCount { get; }

    public Memory<float> Floats { get; }

    public Memory<int> Integers { get; }

    /// <summary>At most the first 2 GiB: a memory holds no more.</summary>
    public Memory<byte> Bytes { get; }

    /// <returns>False: it lies elsewhere.</returns>
    public bool TryLocate(ReadOnlySpan<byte> bytes, out long offset)
    {
        fixed (byte* address = bytes)
        {
            offset = address - _start;
            return address >= _start && offset + bytes.Length <= ByteCount;
        }
    }
}
