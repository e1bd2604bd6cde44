using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Encodings;

/// <summary>IEEE binary16. No step makes a denormal float, on which processors are slow.</summary>
internal readonly struct F16 : IHalfFormat
{
    private const float LeastNormal = 6.103515625e-05f; // 2^−14
    private const float BelowInfinity = 65535.996f; // the largest float below 2^16, from where on the exponent has no room
    private const int Rebias = (127 - 15) << 23;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Encode<TVector, TSimd>(TVector x)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector size = TSimd.And(x, Bits<TVector, TSimd>(int.MaxValue));
        TVector odd = TSimd.And(TSimd.ShiftRightBits(size, 13), Bits<TVector, TSimd>(1));
        TVector code = TSimd.ShiftRightBits(TSimd.AddBits(TSimd.AddBits(size, Bits<TVector, TSimd>(0xFFF - Rebias)), odd), 13);
        // The last place of ½ is that of a denormal half, 2^−24: the addition rounds, and the bits count these places.
        TVector denormal = TSimd.AddBits(TSimd.Add(size, TSimd.Broadcast(0.5f)), Bits<TVector, TSimd>(-0x3F000000));
        code = TSimd.Select(TSimd.GreaterThan(TSimd.Broadcast(LeastNormal), size), denormal, code);
        code = TSimd.Select(TSimd.GreaterThan(size, TSimd.Broadcast(BelowInfinity)), Bits<TVector, TSimd>(0x7C00), code);
        code = TSimd.Select(TSimd.IsNaN(x), Bits<TVector, TSimd>(0x7E00), code);
        return TSimd.Or(code, TSimd.ShiftRightBits(TSimd.And(x, Bits<TVector, TSimd>(int.MinValue)), 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Decode<TVector, TSimd>(TVector code)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector size = TSimd.ShiftLeftBits(TSimd.And(code, Bits<TVector, TSimd>(0x7FFF)), 13);
        size = TSimd.AddBits(size, Bits<TVector, TSimd>(Rebias));
        TVector denormal = TSimd.Subtract(TSimd.AddBits(size, Bits<TVector, TSimd>(1 << 23)), TSimd.Broadcast(LeastNormal));
        TVector infinite = TSimd.AddBits(size, Bits<TVector, TSimd>(Rebias));
        TVector isDenormal = TSimd.GreaterThan(TSimd.Broadcast(LeastNormal), size);
        size = TSimd.Select(TSimd.GreaterThan(size, TSimd.Broadcast(BelowInfinity)), infinite, size);
        size = TSimd.Select(isDenormal, denormal, size);
        return TSimd.Or(size, TSimd.ShiftLeftBits(TSimd.And(code, Bits<TVector, TSimd>(0x8000)), 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Bits<TVector, TSimd>(int bits)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Broadcast(BitConverter.Int32BitsToSingle(bits));
}
