using System.IO.MemoryMappedFiles;
using System.Security.Cryptography;
using DistBp.Cluster.Wire.Members;
using DistBp.Learning;

namespace DistBp.Cluster.Wire.Shared;

/// <summary>
/// Memory of this process that peers on the same machine may read: what lies in it need not be sent. Its file is removed when its owner
/// disposes of it; the memory itself stays until nobody uses it.
/// </summary>
internal sealed class SharedSegment : IDisposable
{
    public const int NonceBytes = 32, AlignmentBytes = 64;

    private readonly string _path;
    private readonly SharedMapping _mapping;
    private readonly byte[] _nonce;
    private readonly Lock _lock = new();
    private long _used = AlignmentBytes;

    private SharedSegment(string path, SharedMapping mapping)
    {
        (_path, _mapping) = (path, mapping);
        _nonce = RandomNumberGenerator.GetBytes(NonceBytes);
        _nonce.CopyTo(mapping.Bytes);
    }

    /// <summary>The file's name, without its folder.</summary>
    public string Name => Path.GetFileName(_path);

    public long ByteCount => _mapping.ByteCount;

    /// <summary>[<see cref="NonceBytes"/>], at the segment's start: who knows it has read it here, or was told.</summary>
    public ReadOnlyMemory<byte> Nonce => _nonce;

    /// <summary>How long a segment must be for tensors of these lengths.</summary>
    /// <param name="lengths">In floats.</param>
    public static long BytesFor(IEnumerable<int> lengths) => AlignmentBytes + lengths.Sum(Aligned);

    /// <param name="byteCount">At most 8 GiB; the memory is there, or there is none of it.</param>
    /// <returns>Null: this machine has no shared memory, or not so much of it.</returns>
    public static SharedSegment? TryCreate(long byteCount)
    {
        if (SegmentFile.BootId is null || byteCount > (long)int.MaxValue * sizeof(float)) return null;
        string name = SegmentFile.NewName();
        foreach (string folder in SegmentFile.Folders)
        {
            string path = Path.Combine(folder, name);
            try
            {
                return new SharedSegment(path, Map(path, byteCount));
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Full, or not ours to write: the next folder, or no segment; chunks carry the tensors then.
                File.Delete(path);
            }
        }
        return null;
    }

    /// <summary>A tensor in the segment: zeroed, aligned as any. Nothing is given back: a segment lives as long as its tensors.</summary>
    /// <param name="length">In floats.</param>
    /// <exception cref="InvalidOperationException">The segment is full.</exception>
    public TensorBuffer Allocate(int length)
    {
        lock (_lock)
        {
            if (_used + Aligned(length) > ByteCount)
                throw new InvalidOperationException($"The segment of {ByteCount} bytes has no room for {length} floats.");
            Memory<float> memory = _mapping.Floats.Slice((int)(_used / sizeof(float)), length);
            _used += Aligned(length);
            return new TensorBuffer(memory);
        }
    }

    /// <summary>A segment that is a ring of messages, and nothing else.</summary>
    public static SharedSegment? TryCreateRing() => TryCreate(MessageRing.ByteCount);

    public MessageRing AsRing() => new(_mapping);

    /// <summary>Where a tensor lies in the segment.</summary>
    /// <returns>False: elsewhere, or where a peer could not take it from.</returns>
    public bool TryLocate(TensorBytes tensor, out long offset)
    {
        offset = 0;
        if (tensor.ByteCount is 0 or > int.MaxValue) return false;
        return _mapping.TryLocate(tensor.Range(0, (int)tensor.ByteCount), out offset)
            && (tensor.Bytes.IsEmpty || offset + tensor.ByteCount <= int.MaxValue);
    }

    public void Dispose() => File.Delete(_path);

    private static long Aligned(int length) => ((long)length * sizeof(float) + AlignmentBytes - 1) / AlignmentBytes * AlignmentBytes;

    private static SharedMapping Map(string path, long byteCount)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.ReadWrite | FileShare.Delete,
            // Reserved now: where memory ran out later, writing to it would end the process.
            PreallocationSize = byteCount,
        };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using var file = new FileStream(path, options);
        file.SetLength(byteCount);
        return new SharedMapping(file, byteCount, MemoryMappedFileAccess.ReadWrite);
    }
}
