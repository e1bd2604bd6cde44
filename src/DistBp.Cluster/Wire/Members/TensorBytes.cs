using System.Runtime.InteropServices;
using DistBp.Cluster.Wire.Members.Contract;

namespace DistBp.Cluster.Wire.Members;

/// <summary>A tensor as the wire sees it: bytes to be read, whatever its elements are. No copy: it is the caller's memory.</summary>
internal readonly struct TensorBytes
{
    private readonly ReadOnlyMemory<float> _floats;
    private readonly ReadOnlyMemory<int> _integers;
    private readonly ReadOnlyMemory<byte> _bytes;

    public TensorBytes(ReadOnlyMemory<float> floats) => (_floats, Encoding) = (floats, Encoding.Float32);

    public TensorBytes(ReadOnlyMemory<int> integers) => (_integers, Encoding) = (integers, Encoding.Int32);

    /// <param name="bytes">The tensor, written as <paramref name="encoding"/> says.</param>
    public TensorBytes(ReadOnlyMemory<byte> bytes, Encoding encoding) => (_bytes, Encoding) = (bytes, encoding);

    public Encoding Encoding { get; }

    public long ByteCount => ((long)_floats.Length + _integers.Length) * sizeof(float) + _bytes.Length;

    /// <summary>Empty where the elements are not float32, or were given as bytes.</summary>
    public ReadOnlyMemory<float> Floats => _floats;

    /// <summary>Empty where the elements are not int32, or were given as bytes.</summary>
    public ReadOnlyMemory<int> Integers => _integers;

    /// <summary>Empty where the tensor was given as elements.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes;

    public static implicit operator TensorBytes(ReadOnlyMemory<float> floats) => new(floats);

    public static implicit operator TensorBytes(ReadOnlyMemory<int> integers) => new(integers);

    public TensorBytes Copy() => !_floats.IsEmpty ? new TensorBytes(_floats.ToArray())
        : !_integers.IsEmpty ? new TensorBytes(_integers.ToArray()) : new TensorBytes(_bytes.ToArray(), Encoding);

    /// <summary>A part of the tensor: a span holds no more than 2 GiB, a tensor may.</summary>
    public ReadOnlySpan<byte> Range(long offsetBytes, int byteCount)
    {
        if (!_floats.IsEmpty) return Range(_floats.Span, offsetBytes, byteCount);
        if (!_integers.IsEmpty) return Range(_integers.Span, offsetBytes, byteCount);
        return _bytes.Span.Slice((int)offsetBytes, byteCount);
    }

    private static ReadOnlySpan<byte> Range<T>(ReadOnlySpan<T> elements, long offsetBytes, int byteCount)
        where T : unmanaged
    {
        int first = (int)(offsetBytes / sizeof(float)), end = (int)((offsetBytes + byteCount + sizeof(float) - 1) / sizeof(float));
        return MemoryMarshal.AsBytes(elements[first..end]).Slice((int)(offsetBytes % sizeof(float)), byteCount);
    }
}
