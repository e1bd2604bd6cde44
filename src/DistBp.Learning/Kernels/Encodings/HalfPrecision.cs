using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Encodings;

/// <summary>Numbers in 16 bits, elementwise: rounded to nearest, ties to even; NaN and ±∞ stay what they are.</summary>
internal static unsafe class HalfPrecision<TFormat>
    where TFormat : struct, IHalfFormat
{
    /// <summary>codes [n] of x [n].</summary>
    public static void Encode(ReadOnlySpan<float> x, Span<ushort> codes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(codes.Length, x.Length);
        fixed (float* px = x)
        fixed (ushort* pc = codes)
        {
            var kernel = new Elementwise<Encoding>(new Encoding(px, pc), x.Length);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>x [n] of codes [n].</summary>
    public static void Decode(ReadOnlySpan<ushort> codes, Span<float> x)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(x.Length, codes.Length);
        fixed (ushort* pc = codes)
        fixed (float* px = x)
        {
            var kernel = new Elementwise<Decoding>(new Decoding(pc, px), codes.Length);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>y [n] = what x [n] is once it was encoded and decoded; y may be x.</summary>
    public static void Round(ReadOnlySpan<float> x, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(y.Length, x.Length);
        fixed (float* px = x, py = y)
        {
            var kernel = new Elementwise<Rounding>(new Rounding(px, py), x.Length);
            Widest.Run(ref kernel);
        }
    }

    private readonly struct Encoding(float* x, ushort* codes) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.StoreHalfWords(TFormat.Encode<TVector, TSimd>(TSimd.Load(x + i)), codes + i);
    }

    private readonly struct Decoding(ushort* codes, float* x) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TFormat.Decode<TVector, TSimd>(TSimd.LoadHalfWords(codes + i)), x + i);
    }

    private readonly struct Rounding(float* x, float* y) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector code = TFormat.Encode<TVector, TSimd>(TSimd.Load(x + i));
            code = TSimd.And(code, TSimd.Broadcast(BitConverter.Int32BitsToSingle(0xFFFF)));
            TSimd.Store(TFormat.Decode<TVector, TSimd>(code), y + i);
        }
    }
}
