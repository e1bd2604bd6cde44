using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Encodings;

/// <summary>
/// A block by its k numbers of the largest size, exactly: first their k values as they are, then their k positions in the block, ascending,
/// in 16 bits each; the others are 0. Of equal sizes the first ones are taken. A NaN is larger than ∞, and that than all others.
/// </summary>
internal static unsafe class LargestOfBlock
{
    private const int Lanes = 16;

    /// <summary>
    /// x = gradient + factor · kept; code becomes that of x, and left = x where it is not sent, 0 where it is. left may be kept.
    /// </summary>
    /// <param name="gradient">[n], a block: n up to <see cref="ParameterLayout.BlockLength"/>.</param>
    /// <param name="code">[6 · selected].</param>
    /// <param name="selected">k, from 1 to n.</param>
    public static void Encode(ReadOnlySpan<float> gradient, ReadOnlySpan<float> kept, float factor, int selected, Span<byte> code, Span<float> left)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(code.Length, selected * (sizeof(float) + sizeof(ushort)));
        ArgumentOutOfRangeException.ThrowIfLessThan(kept.Length, gradient.Length);
        left = left[..gradient.Length];
        fixed (float* pg = gradient, pk = kept, pl = left)
        {
            var carry = new Elementwise<Carrying>(new Carrying(pg, pk, factor, pl), gradient.Length);
            Widest.Run(ref carry);
        }
        (int threshold, int above) = Threshold(left, selected);
        Take(left, threshold, selected - above, MemoryMarshal.Cast<byte, float>(code)[..selected], MemoryMarshal.Cast<byte, ushort>(code[(selected * sizeof(float))..]));
    }

    /// <summary>x [n] = the numbers from <paramref name="start"/> on of the block.</summary>
    public static void Decode(ReadOnlySpan<byte> code, int selected, int start, Span<float> x)
    {
        ReadOnlySpan<float> values = MemoryMarshal.Cast<byte, float>(code)[..selected];
        ReadOnlySpan<ushort> positions = MemoryMarshal.Cast<byte, ushort>(code[(selected * sizeof(float))..])[..selected];
        x.Clear();
        for (int i = 0; i < positions.Length; i++)
        {
            // Below the start it wraps to something large; and what a broken sender writes is not followed out of the block.
            uint at = (uint)(positions[i] - start);
            if (at < (uint)x.Length) x[(int)at] = values[i];
        }
    }

    /// <summary>
    /// The bits of the size of the k-th largest: those of sizes have the order of the sizes themselves. Found by halving the range that it may
    /// lie in; some ten counts, each of a block in the nearest cache.
    /// </summary>
    /// <returns>The bits, and how many are larger: less than k; with k of them the threshold is such that none is equal to it.</returns>
    private static (int Threshold, int Above) Threshold(ReadOnlySpan<float> x, int selected)
    {
        int high = LargestBits(x), above = 0, low = high;
        // First by factors of 2, 4, 16, … below the largest: the k-th is seldom far.
        for (int step = 1 << 23; low >= 0; step = Math.Min(step * 2, 1 << 30))
        {
            low = Math.Max(high - step, -1);
            if (low < 0) break;
            int count = CountAbove(x, low);
            if (count == selected) return (low, count);
            if (count > selected) break;
            (high, above) = (low, count);
        }
        while (high - low > 1)
        {
            int middle = low + (high - low) / 2, count = CountAbove(x, middle);
            if (count == selected) return (middle, count);
            if (count > selected) low = middle;
            else (high, above) = (middle, count);
        }
        return (high, above);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int LargestBits(ReadOnlySpan<float> x)
    {
        ref int start = ref Unsafe.As<float, int>(ref MemoryMarshal.GetReference(x));
        Vector512<int> size = Vector512.Create(int.MaxValue), maximum = Vector512<int>.Zero;
        int i = 0;
        for (; i + Lanes <= x.Length; i += Lanes) maximum = Vector512.Max(maximum, Vector512.LoadUnsafe(ref start, (nuint)i) & size);
        int largest = 0;
        for (int lane = 0; lane < Lanes; lane++) largest = Math.Max(largest, maximum[lane]);
        for (; i < x.Length; i++) largest = Math.Max(largest, SizeBits(x[i]));
        return largest;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountAbove(ReadOnlySpan<float> x, int bits)
    {
        ref int start = ref Unsafe.As<float, int>(ref MemoryMarshal.GetReference(x));
        Vector512<int> size = Vector512.Create(int.MaxValue), limit = Vector512.Create(bits), count = Vector512<int>.Zero;
        int i = 0;
        // A lane of all ones is −1.
        for (; i + Lanes <= x.Length; i += Lanes) count -= Vector512.GreaterThan(Vector512.LoadUnsafe(ref start, (nuint)i) & size, limit);
        int total = Vector512.Sum(count);
        for (; i < x.Length; i++) total += SizeBits(x[i]) > bits ? 1 : 0;
        return total;
    }

    /// <summary>Those above the threshold and the first <paramref name="equal"/> at it go from x into the code.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Take(Span<float> x, int threshold, int equal, Span<float> values, Span<ushort> positions)
    {
        ref int start = ref Unsafe.As<float, int>(ref MemoryMarshal.GetReference(x));
        Vector512<int> size = Vector512.Create(int.MaxValue), below = Vector512.Create(threshold - 1);
        int taken = 0;
        for (int i = 0; i < x.Length && taken < values.Length; i += Lanes)
        {
            ulong candidates = i + Lanes <= x.Length
                ? Vector512.GreaterThan(Vector512.LoadUnsafe(ref start, (nuint)i) & size, below).ExtractMostSignificantBits()
                : (1ul << (x.Length - i)) - 1;
            for (; candidates != 0; candidates &= candidates - 1)
            {
                int at = i + BitOperations.TrailingZeroCount(candidates), bits = SizeBits(x[at]);
                if (bits < threshold || (bits == threshold && equal-- <= 0)) continue;
                (values[taken], positions[taken++]) = (x[at], (ushort)at);
                x[at] = 0;
            }
        }
    }

    private static int SizeBits(float x) => BitConverter.SingleToInt32Bits(x) & int.MaxValue;

    private readonly struct Carrying(float* gradient, float* kept, float factor, float* left) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TSimd.MultiplyAdd(TSimd.Load(kept + i), TSimd.Broadcast(factor), TSimd.Load(gradient + i)), left + i);
    }
}
