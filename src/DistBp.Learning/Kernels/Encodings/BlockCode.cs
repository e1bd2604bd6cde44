using System.Runtime.InteropServices;
using DistBp.Learning.Encodings;

namespace DistBp.Learning.Kernels.Encodings;

/// <summary>A block of a gradient in any encoding.</summary>
internal static class BlockCode
{
    /// <summary>code = that of gradient + factor · kept, and left = what it leaves out; without a residual code = that of gradient.</summary>
    /// <param name="gradient">[n], a block.</param>
    /// <param name="kept">[n]; not read where the encoding keeps no residual. left may be kept.</param>
    /// <param name="code">[<see cref="GradientEncoding.BlockBytes"/>(n)].</param>
    public static void Encode(
        GradientEncoding encoding, ReadOnlySpan<float> gradient, ReadOnlySpan<float> kept, float factor, Span<byte> code, Span<float> left)
    {
        switch (encoding.Kind)
        {
            case EncodingKind.Bf16: HalfPrecision<Bf16>.Encode(gradient, MemoryMarshal.Cast<byte, ushort>(code)); break;
            case EncodingKind.F16: HalfPrecision<F16>.Encode(gradient, MemoryMarshal.Cast<byte, ushort>(code)); break;
            case EncodingKind.Int8: ScaledBytes.Encode(gradient, kept, factor, code, left); break;
            case EncodingKind.TopK: LargestOfBlock.Encode(gradient, kept, factor, encoding.Selected(gradient.Length), code, left); break;
            default: MemoryMarshal.AsBytes(gradient).CopyTo(code); break;
        }
    }

    /// <summary>x [n] = the numbers from <paramref name="start"/> on of a block of <paramref name="count"/>.</summary>
    public static void Decode(GradientEncoding encoding, ReadOnlySpan<byte> code, int count, int start, Span<float> x)
    {
        switch (encoding.Kind)
        {
            case EncodingKind.Bf16: HalfPrecision<Bf16>.Decode(MemoryMarshal.Cast<byte, ushort>(code).Slice(start, x.Length), x); break;
            case EncodingKind.F16: HalfPrecision<F16>.Decode(MemoryMarshal.Cast<byte, ushort>(code).Slice(start, x.Length), x); break;
            case EncodingKind.Int8: ScaledBytes.Decode(code, count, start, x); break;
            case EncodingKind.TopK: LargestOfBlock.Decode(code, encoding.Selected(count), start, x); break;
            default: MemoryMarshal.Cast<byte, float>(code).Slice(start, x.Length).CopyTo(x); break;
        }
    }
}
