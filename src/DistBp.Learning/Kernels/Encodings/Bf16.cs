using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Encodings;

/// <summary>The upper half of a float's bits: its range, 8 bits of mantissa.</summary>
internal readonly struct Bf16 : IHalfFormat
{
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Encode<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        // Half of the last place that stays, less one where that place is even: a carry into the exponent is right, up to ∞.
        TVector odd = TSimd.And(TSimd.ShiftRightBits(x, 16), Bits<TVector, TSimd>(1));
        TVector rounded = TSimd.AddBits(TSimd.AddBits(x, Bits<TVector, TSimd>(0x7FFF)), odd);
        // A NaN that has bits in the lower half only would become ∞.
        TVector quiet = TSimd.Or(x, Bits<TVector, TSimd>(0x00400000));
        return TSimd.ShiftRightBits(TSimd.Select(TSimd.IsNaN(x), quiet, rounded), 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Decode<TVector, TSimd>(TVector code)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.ShiftLeftBits(code, 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Bits<TVector, TSimd>(int bits)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Broadcast(BitConverter.Int32BitsToSingle(bits));
}
