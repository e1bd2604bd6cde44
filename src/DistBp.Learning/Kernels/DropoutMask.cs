using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Initialization;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Which elements dropout keeps, one bit an element, and the product with such a mask. Element e of a slice takes the half e mod 2 (the
/// lower one first) of the word e / 2 of the slice's random stream and is kept where that is at least the threshold: so the mask follows
/// from key, counter and element alone, and probabilities are multiples of 1/65536.
/// </summary>
public static unsafe class DropoutMask
{
    /// <summary>What the 16 random bits of an element are compared with: 0 drops nothing.</summary>
    public const int Resolution = 1 << 16;

    private const int WordBits = 32;
    private const int ChunkWords = 256;

    /// <summary>Mask words of so many elements.</summary>
    public static int WordCount(int elements) => (elements + WordBits - 1) / WordBits;

    /// <summary>
    /// mask [WordCount(elements)]: bit e mod 32 of word e / 32 is set where element e is kept. The bits beyond the last element are set or
    /// not.
    /// </summary>
    /// <param name="threshold">An element is kept with probability 1 − threshold / <see cref="Resolution"/>.</param>
    /// <param name="counterHigh">Names the slice; the low half of the counter goes up from <paramref name="counterLow"/>.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Fill(Span<uint> mask, ushort threshold, ulong key, ulong counterLow, ulong counterHigh)
    {
        Span<uint> random = stackalloc uint[ChunkWords];
        Vector256<ushort> least = Vector256.Create(threshold);
        for (int at = 0; at < mask.Length; at += ChunkWords / 16)
        {
            Span<uint> words = mask.Slice(at, Math.Min(ChunkWords / 16, mask.Length - at));
            PhiloxStream.Fill(random[..(words.Length * 16)], key, counterLow, counterHigh);
            counterLow += ChunkWords / 4;
            ref ushort halves = ref Unsafe.As<uint, ushort>(ref MemoryMarshal.GetReference(random));
            for (int i = 0; i < words.Length; i++)
            {
                uint lower = Kept(ref halves, i * WordBits, least), upper = Kept(ref halves, i * WordBits + 16, least);
                words[i] = lower | (upper << 16);
            }
        }
    }

    /// <summary>y = x · scale where the element's bit is set, else 0 (also for a NaN); y may be x.</summary>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<uint> mask, float scale, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(y.Length, x.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(mask.Length, WordCount(x.Length));
        fixed (float* px = x, py = y)
        fixed (uint* words = mask)
        {
            int* lanes = stackalloc int[16];
            for (int lane = 0; lane < 16; lane++) lanes[lane] = 1 << lane;
            var kernel = new Elementwise<MaskOperation>(new MaskOperation(px, words, (float*)lanes, scale, py), x.Length);
            Widest.Run(ref kernel);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Kept(ref ushort halves, int element, Vector256<ushort> least)
        => Vector256.GreaterThanOrEqual(Vector256.LoadUnsafe(ref halves, (nuint)element), least).ExtractMostSignificantBits();

    /// <param name="lanes">Bit l set in lane l.</param>
    private readonly struct MaskOperation(float* x, uint* words, float* lanes, float scale, float* y) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            // A vector's elements lie in one word, for all widths divide 32.
            uint bits = words[i / WordBits] >> (int)(i % WordBits);
            TVector kept = TSimd.And(TSimd.Broadcast(BitConverter.UInt32BitsToSingle(bits)), TSimd.Load(lanes));
            // 0 + 0x7FFFFFFF has no sign, anything more has; the sign is then drawn over the lane.
            kept = TSimd.ShiftRightBits(TSimd.AddBits(kept, TSimd.Broadcast(BitConverter.Int32BitsToSingle(int.MaxValue))), 31);
            TSimd.Store(TSimd.And(TSimd.Multiply(TSimd.Load(x + i), TSimd.Broadcast(scale)), kept), y + i);
        }
    }
}
