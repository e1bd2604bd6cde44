using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using DistBp.Learning.Data.Tensors;

namespace DistBp.Learning.Data.Shards;

/// <summary>Writes one npy file of a shard, row by row, and hashes it on the way.</summary>
internal sealed class ShardTensorWriter : IDisposable
{
    private const int BufferBytes = 1 << 18;
    private readonly string _path;
    private readonly ElementType _type;
    private readonly FileStream _file;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private byte[] _row = [];

    /// <param name="type">u8, i32 or f32: what the values are, exactly.</param>
    /// <param name="rows">That will be written.</param>
    public ShardTensorWriter(string path, ElementType type, int rows, ReadOnlySpan<int> rowShape)
    {
        (_path, _type) = (path, type);
        _file = new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferBytes);
        string descr = type switch
        {
            ElementType.U8 => "|u1",
            ElementType.I32 => "<i4",
            ElementType.F32 => "<f4",
            _ => throw new UnreachableException(type.ToString()),
        };
        Append(NpyPreamble.Build(descr, [rows, .. rowShape]));
    }

    public void Add(ReadOnlySpan<float> row)
    {
        int bytes = row.Length * Elements.Size(_type);
        if (_row.Length < bytes) _row = new byte[bytes];
        Span<byte> stored = _row.AsSpan(0, bytes);
        switch (_type)
        {
            case ElementType.U8:
                for (int i = 0; i < row.Length; i++) stored[i] = (byte)row[i];
                break;
            case ElementType.I32:
                Span<int> numbers = MemoryMarshal.Cast<byte, int>(stored);
                for (int i = 0; i < row.Length; i++) numbers[i] = (int)row[i];
                break;
            default:
                MemoryMarshal.AsBytes(row).CopyTo(stored);
                break;
        }
        Append(stored);
    }

    /// <summary>All is on the disk.</summary>
    public ShardFile Finish()
    {
        _file.Flush(flushToDisk: true);
        return new ShardFile(Path.GetFileName(_path), _file.Length, Convert.ToHexStringLower(_hash.GetHashAndReset()));
    }

    public void Dispose()
    {
        _file.Dispose();
        _hash.Dispose();
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _file.Write(bytes);
        _hash.AppendData(bytes);
    }
}
