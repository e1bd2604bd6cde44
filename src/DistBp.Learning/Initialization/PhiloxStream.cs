using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Initialization;

/// <summary>
/// Many values of <see cref="Philox"/> at once. Four counters go through the rounds side by side where there is AVX2: integers, so the
/// values are those of one after the other.
/// </summary>
public static class PhiloxStream
{
    private const int Words = 16;

    /// <summary>destination[4 i … 4 i + 3] are the four values of the counter (counterLow + i, counterHigh).</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(Span<uint> destination, ulong key, ulong counterLow, ulong counterHigh)
    {
        int at = 0;
        if (Avx2.IsSupported && Widest.Bits >= 256)
        {
            ref uint start = ref MemoryMarshal.GetReference(destination);
            for (; at + Words <= destination.Length; at += Words, counterLow += 4)
                Four(key, counterLow, counterHigh, ref Unsafe.Add(ref start, at));
        }
        for (; at < destination.Length; at += 4, counterLow++)
        {
            (uint a, uint b, uint c, uint d) = Philox.Generate(key, counterLow, counterHigh);
            ReadOnlySpan<uint> values = [a, b, c, d];
            values[..Math.Min(4, destination.Length - at)].CopyTo(destination[at..]);
        }
    }

    // A 64-bit lane holds a 32-bit word of one counter; what is above it is rubbish, which the multiplication does not read.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Four(ulong key, ulong counterLow, ulong counterHigh, ref uint destination)
    {
        Vector256<ulong> low = Vector256.Create(counterLow) + Vector256.Create(0UL, 1, 2, 3);
        Vector256<ulong> c0 = low, c1 = low >>> 32, c2 = Vector256.Create(counterHigh), c3 = c2 >>> 32;
        Vector256<uint> m0 = Vector256.Create(0xD2511F53UL).AsUInt32(), m1 = Vector256.Create(0xCD9E8D57UL).AsUInt32();
        uint k0 = (uint)key, k1 = (uint)(key >> 32);
        for (int round = 0; round < 10; round++)
        {
            Vector256<ulong> p0 = Avx2.Multiply(m0, c0.AsUInt32()), p1 = Avx2.Multiply(m1, c2.AsUInt32());
            c0 = (p1 >>> 32) ^ c1 ^ Vector256.Create((ulong)k0);
            c2 = (p0 >>> 32) ^ c3 ^ Vector256.Create((ulong)k1);
            (c1, c3) = (p1, p0);
            k0 += 0x9E3779B9;
            k1 += 0xBB67AE85;
        }
        // Words 0 and 1 of the four counters, words 2 and 3, then counter by counter.
        Vector256<ulong> lower = Pair(c0, c1), upper = Pair(c2, c3);
        Vector256<ulong> even = Avx2.UnpackLow(lower, upper), odd = Avx2.UnpackHigh(lower, upper);
        Avx2.Permute2x128(even, odd, 0x20).AsUInt32().StoreUnsafe(ref destination);
        Avx2.Permute2x128(even, odd, 0x31).AsUInt32().StoreUnsafe(ref destination, 8);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<ulong> Pair(Vector256<ulong> first, Vector256<ulong> second)
        => Avx2.Blend(first.AsUInt32(), (second << 32).AsUInt32(), 0b10101010).AsUInt64();
}
