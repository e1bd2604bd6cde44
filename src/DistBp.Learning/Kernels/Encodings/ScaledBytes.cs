using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DistBp.Learning.Encodings;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Encodings;

/// <summary>
/// A block as whole numbers in ±127: first a scale for each <see cref="GradientEncoding.GroupLength"/> numbers, max |x| / 127, then a byte for each number. A number is
/// its byte · scale. A group with a NaN or ±∞ has the scale NaN: all of it is NaN.
/// </summary>
internal static unsafe class ScaledBytes
{
    /// <summary>Below this a group is sent as zeros: its scale's reciprocal would not be finite.</summary>
    private const float LeastMaximum = 1e-30f;

    // Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits.
    private const float Rounder = 12582912f;

    /// <summary>
    /// x = gradient + factor · kept; code becomes that of x, and left = x − what the code stands for: all of it what is sent later. left may
    /// be kept.
    /// </summary>
    /// <param name="gradient">[n], a block: n up to <see cref="ParameterLayout.BlockLength"/>.</param>
    /// <param name="code">[groups · 4 + n].</param>
    public static void Encode(ReadOnlySpan<float> gradient, ReadOnlySpan<float> kept, float factor, Span<byte> code, Span<float> left)
    {
        int groups = GradientEncoding.Groups(gradient.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(code.Length, groups * sizeof(float) + gradient.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(kept.Length, gradient.Length);
        ArgumentOutOfRangeException.ThrowIfLessThan(left.Length, gradient.Length);
        fixed (float* pg = gradient, pk = kept, pl = left)
        fixed (byte* pc = code)
        {
            var kernel = new Encoding(pg, pk, factor, (float*)pc, (sbyte*)pc + groups * sizeof(float), pl, gradient.Length);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>x [n] = the numbers from <paramref name="start"/> on of a block of <paramref name="count"/>.</summary>
    public static void Decode(ReadOnlySpan<byte> code, int count, int start, Span<float> x)
    {
        int groups = GradientEncoding.Groups(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(code.Length, groups * sizeof(float) + count);
        ArgumentOutOfRangeException.ThrowIfLessThan(count - start, x.Length);
        ReadOnlySpan<float> scales = MemoryMarshal.Cast<byte, float>(code)[..groups];
        fixed (byte* pc = code[(groups * sizeof(float))..])
        fixed (float* px = x)
        {
            for (int done = 0; done < x.Length;)
            {
                int group = (start + done) / GradientEncoding.GroupLength;
                int length = Math.Min(x.Length - done, (group + 1) * GradientEncoding.GroupLength - start - done);
                var kernel = new Elementwise<Decoding>(new Decoding((sbyte*)pc + start + done, scales[group], px + done), length);
                Widest.Run(ref kernel);
                done += length;
            }
        }
    }

    private readonly struct Encoding(float* gradient, float* kept, float factor, float* scales, sbyte* bytes, float* left, int count) : IVectorized
    {
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public void Run<TVector, TSimd>()
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            for (int start = 0; start < count; start += GradientEncoding.GroupLength)
            {
                int end = Math.Min(start + GradientEncoding.GroupLength, count);
                float maximum = Carry<TVector, TSimd>(start, end);
                float scale = maximum < LeastMaximum ? 0 : maximum / 127;
                float inverse = maximum < LeastMaximum ? 0 : 127 / maximum;
                scales[start / GradientEncoding.GroupLength] = scale;
                nint i = start;
                for (; i + TSimd.Width <= end; i += TSimd.Width) Quantize<TVector, TSimd>(i, scale, inverse);
                for (; i < end; i++) Quantize<float, SimdScalar>(i, scale, inverse);
            }
        }

        /// <summary>x into left.</summary>
        /// <returns>max |x|; NaN where an x is not finite.</returns>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private float Carry<TVector, TSimd>(nint i, nint end)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector maximum = TSimd.Broadcast(0), nothing = TSimd.Broadcast(0);
            for (; i + TSimd.Width <= end; i += TSimd.Width) Carry<TVector, TSimd>(i, ref maximum, ref nothing);
            float largest = 0, zero = 0;
            for (; i < end; i++) Carry<float, SimdScalar>(i, ref largest, ref zero);
            float* lanes = stackalloc float[2 * TSimd.Width];
            TSimd.Store(maximum, lanes);
            TSimd.Store(nothing, lanes + TSimd.Width);
            for (int lane = 0; lane < TSimd.Width; lane++)
            {
                largest = lanes[lane] > largest ? lanes[lane] : largest;
                zero += lanes[TSimd.Width + lane];
            }
            return largest + zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Carry<TVector, TSimd>(nint i, ref TVector maximum, ref TVector nothing)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector x = TSimd.MultiplyAdd(TSimd.Load(kept + i), TSimd.Broadcast(factor), TSimd.Load(gradient + i));
            TSimd.Store(x, left + i);
            TVector size = TSimd.And(x, TSimd.Broadcast(BitConverter.Int32BitsToSingle(int.MaxValue)));
            maximum = TSimd.Select(TSimd.GreaterThan(size, maximum), size, maximum);
            // x · 0 is 0 or −0, but NaN where x is not finite; and a NaN once added stays.
            nothing = TSimd.MultiplyAdd(x, TSimd.Broadcast(0), nothing);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private void Quantize<TVector, TSimd>(nint i, float scale, float inverse)
            where TVector : struct
            where TSimd : ISimd<TVector>
        {
            TVector x = TSimd.Load(left + i);
            TVector rounded = TSimd.MultiplyAdd(x, TSimd.Broadcast(inverse), TSimd.Broadcast(Rounder));
            TSimd.StoreBytes(rounded, bytes + i);
            // The product is rounded by itself, as where it is decoded.
            TVector sent = TSimd.Multiply(TSimd.Subtract(rounded, TSimd.Broadcast(Rounder)), TSimd.Broadcast(scale));
            TSimd.Store(TSimd.Subtract(x, sent), left + i);
        }
    }

    private readonly struct Decoding(sbyte* bytes, float scale, float* x) : IElementwise
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Apply<TVector, TSimd>(nint i)
            where TVector : struct
            where TSimd : ISimd<TVector>
            => TSimd.Store(TSimd.Multiply(TSimd.BitsToNumber(TSimd.LoadBytes(bytes + i)), TSimd.Broadcast(scale)), x + i);
    }
}
