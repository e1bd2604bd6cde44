using System.Buffers.Binary;
using System.Runtime.InteropServices;
using DistBp.Learning;
using Microsoft.Win32.SafeHandles;

namespace DistBp.Cluster.Storage;

/// <summary>
/// A safetensors file open for reading: u64 little-endian N, N bytes of JSON, then the tensors' bytes, little-endian and row-major.
/// The header is validated when the file is opened; tensors are read straight into the caller's memory, whole or by range.
/// </summary>
public sealed class SafetensorsFile : IDisposable
{
    private const int LengthBytes = 8;
    private const int ConversionChunkBytes = 64 * 1024;
    private readonly SafeFileHandle _handle;
    private readonly SafetensorsHeader _header;
    private readonly Dictionary<string, SafetensorsEntry> _byName;
    private readonly long _dataStart;

    private SafetensorsFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        long fileBytes = RandomAccess.GetLength(handle);
        byte[] json = ReadHeader(fileBytes);
        _dataStart = LengthBytes + json.Length;
        _header = SafetensorsHeader.Parse(json, fileBytes - _dataStart, path);
        _byName = _header.Entries.ToDictionary(e => e.Name, StringComparer.Ordinal);
    }

    public string Path { get; }

    /// <summary>In the order of the data.</summary>
    public IReadOnlyList<SafetensorsEntry> Entries => _header.Entries;

    /// <summary>The header's `__metadata__`; empty without one.</summary>
    public IReadOnlyDictionary<string, string> Metadata => _header.Metadata;

    /// <exception cref="UserException">The file is missing or unreadable (Usage) or breaks a rule of the format (Checkpoint).</exception>
    public static SafetensorsFile Open(string path)
    {
        SafeFileHandle handle;
        try
        {
            handle = File.OpenHandle(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"cannot open the safetensors file: {e.Message}", path, "check the path and its permissions", e);
        }
        try
        {
            return new SafetensorsFile(path, handle);
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>The tensor of that name, or null.</summary>
    public SafetensorsEntry? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>Reads elements [firstElement, firstElement + destination.Length) of a tensor.</summary>
    /// <param name="entry">One of <see cref="Entries"/>.</param>
    /// <param name="destination">At most as long as the tensor's remainder.</param>
    /// <param name="convert">Take F16, BF16 and F64 too (F64 is rounded to nearest); otherwise only F32 is accepted.</param>
    /// <exception cref="UserException">The tensor is of another type, or the file ends early.</exception>
    public void ReadFloats(SafetensorsEntry entry, Span<float> destination, long firstElement = 0, bool convert = false)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(firstElement);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstElement + destination.Length, entry.ElementCount, nameof(destination));
        long position = _dataStart + entry.Begin + (firstElement * entry.Type.SizeBytes());
        switch (entry.Type)
        {
            case SafetensorsType.F32:
                ReadExactly(position, MemoryMarshal.AsBytes(destination));
                break;
            case SafetensorsType.F16 or SafetensorsType.BF16 or SafetensorsType.F64 when convert:
                ReadConverted(entry.Type, position, destination);
                break;
            default:
                throw new UserException(ErrorKind.Checkpoint, $"tensor '{entry.Name}' is {entry.Type}, not F32", Path, "save it as F32");
        }
    }

    public void Dispose() => _handle.Dispose();

    private byte[] ReadHeader(long fileBytes)
    {
        if (fileBytes < LengthBytes) throw SafetensorsHeader.Damaged(Path, $"it has only {fileBytes} bytes");
        Span<byte> length = stackalloc byte[LengthBytes];
        ReadExactly(0, length);
        ulong headerBytes = BinaryPrimitives.ReadUInt64LittleEndian(length);
        if (headerBytes > SafetensorsHeader.MaxHeaderBytes)
            throw SafetensorsHeader.Damaged(Path, $"it claims a header of {headerBytes} bytes (at most {SafetensorsHeader.MaxHeaderBytes} are allowed)");
        if ((long)headerBytes > fileBytes - LengthBytes)
            throw SafetensorsHeader.Damaged(Path, $"it claims a header of {headerBytes} bytes, but the file has {fileBytes}");
        var json = new byte[headerBytes];
        ReadExactly(LengthBytes, json);
        return json;
    }

    private void ReadConverted(SafetensorsType type, long position, Span<float> destination)
    {
        int size = type.SizeBytes();
        var chunk = new byte[Math.Min(ConversionChunkBytes, (long)destination.Length * size)];
        while (!destination.IsEmpty)
        {
            int count = Math.Min(destination.Length, chunk.Length / size);
            Span<byte> bytes = chunk.AsSpan(0, count * size);
            ReadExactly(position, bytes);
            for (int i = 0; i < count; i++) destination[i] = ToSingle(type, bytes.Slice(i * size, size));
            destination = destination[count..];
            position += bytes.Length;
        }
    }

    private static float ToSingle(SafetensorsType type, ReadOnlySpan<byte> bytes) => type switch
    {
        SafetensorsType.F16 => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        // A bfloat16 is the upper half of a float32.
        SafetensorsType.BF16 => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadUInt16LittleEndian(bytes) << 16),
        _ => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes),
    };

    private void ReadExactly(long position, Span<byte> destination)
    {
        while (!destination.IsEmpty)
        {
            int read = RandomAccess.Read(_handle, destination, position);
            if (read == 0) throw SafetensorsHeader.Damaged(Path, "it became shorter while it was read");
            destination = destination[read..];
            position += read;
        }
    }
}
