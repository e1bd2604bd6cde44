using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace DistBp.Learning.Data.Tensors;

internal enum ElementType
{
    Bool,
    U8,
    I8,
    U16,
    I16,
    U32,
    I32,
    U64,
    I64,
    F16,
    F32,
    F64,
}

/// <summary>Conversion of stored elements to float; integers above 2^24 are rounded, doubles out of range become infinite.</summary>
internal static class Elements
{
    public static int Size(ElementType type) => type switch
    {
        ElementType.Bool or ElementType.U8 or ElementType.I8 => 1,
        ElementType.U16 or ElementType.I16 or ElementType.F16 => 2,
        ElementType.U32 or ElementType.I32 or ElementType.F32 => 4,
        _ => 8,
    };

    public static bool IsFloating(ElementType type) => type is ElementType.F16 or ElementType.F32 or ElementType.F64;

    /// <summary>Converts source[destination.Length · size]; the source is overwritten where its byte order is not the machine's.</summary>
    public static void Convert(Span<byte> source, ElementType type, bool bigEndian, Span<float> destination)
    {
        int size = Size(type);
        if (size > 1 && bigEndian == BitConverter.IsLittleEndian) Swap(source, size);
        switch (type)
        {
            case ElementType.Bool: Booleans(source, destination); break;
            case ElementType.U8: Bytes(source, destination); break;
            case ElementType.I8: Each<sbyte>(source, destination); break;
            case ElementType.U16: Each<ushort>(source, destination); break;
            case ElementType.I16: Each<short>(source, destination); break;
            case ElementType.U32: Each<uint>(source, destination); break;
            case ElementType.I32: Each<int>(source, destination); break;
            case ElementType.U64: Each<ulong>(source, destination); break;
            case ElementType.I64: Each<long>(source, destination); break;
            case ElementType.F16: Each<Half>(source, destination); break;
            case ElementType.F32: MemoryMarshal.Cast<byte, float>(source).CopyTo(destination); break;
            case ElementType.F64: Each<double>(source, destination); break;
        }
    }

    private static void Booleans(ReadOnlySpan<byte> source, Span<float> destination)
    {
        for (int i = 0; i < destination.Length; i++) destination[i] = source[i] == 0 ? 0 : 1;
    }

    private static void Bytes(ReadOnlySpan<byte> source, Span<float> destination)
    {
        int i = 0;
        for (; i <= destination.Length - Vector128<byte>.Count; i += Vector128<byte>.Count)
        {
            (Vector128<ushort> low, Vector128<ushort> high) = Vector128.Widen(Vector128.Create(source.Slice(i, Vector128<byte>.Count)));
            Store(low, destination[i..]);
            Store(high, destination[(i + Vector128<ushort>.Count)..]);
        }
        for (; i < destination.Length; i++) destination[i] = source[i];

        static void Store(Vector128<ushort> values, Span<float> destination)
        {
            (Vector128<uint> low, Vector128<uint> high) = Vector128.Widen(values);
            Vector128.ConvertToSingle(low.AsInt32()).CopyTo(destination);
            Vector128.ConvertToSingle(high.AsInt32()).CopyTo(destination[Vector128<uint>.Count..]);
        }
    }

    private static void Each<T>(ReadOnlySpan<byte> source, Span<float> destination)
        where T : unmanaged, System.Numerics.INumberBase<T>
    {
        ReadOnlySpan<T> values = MemoryMarshal.Cast<byte, T>(source);
        for (int i = 0; i < destination.Length; i++) destination[i] = float.CreateTruncating(values[i]);
    }

    private static void Swap(Span<byte> source, int size)
    {
        switch (size)
        {
            case 2:
                Span<ushort> two = MemoryMarshal.Cast<byte, ushort>(source);
                BinaryPrimitives.ReverseEndianness(two, two);
                break;
            case 4:
                Span<uint> four = MemoryMarshal.Cast<byte, uint>(source);
                BinaryPrimitives.ReverseEndianness(four, four);
                break;
            default:
                Span<ulong> eight = MemoryMarshal.Cast<byte, ulong>(source);
                BinaryPrimitives.ReverseEndianness(eight, eight);
                break;
        }
    }
}
