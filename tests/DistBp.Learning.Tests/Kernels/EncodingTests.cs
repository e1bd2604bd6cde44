using System.Runtime.InteropServices;
using DistBp.Learning.Encodings;
using DistBp.Learning.Kernels.Encodings;
using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class EncodingTests
{
    private static readonly int[] Lengths = [1, 3, 4, 7, 8, 15, 16, 17, 127, 128, 129, 255, 1000, 4095, 4096];

    public static TheoryData<EncodingKind, double> Encodings => new()
    {
        { EncodingKind.F32, 0 }, { EncodingKind.Bf16, 0 }, { EncodingKind.F16, 0 }, { EncodingKind.Int8, 0 }, { EncodingKind.TopK, 0.01 }, { EncodingKind.TopK, 0.3 }, { EncodingKind.TopK, 1 },
    };

    [Theory]
    [MemberData(nameof(Encodings))]
    public void What_arrives_and_what_is_left_are_those_of_the_plain_loops_at_every_width(EncodingKind kind, double fraction)
    {
        var encoding = new GradientEncoding(kind, fraction);
        foreach (int length in Lengths)
        {
            foreach ((float factor, bool special) in new[] { (1f, false), (0.37f, false), (1f, true) })
            {
                float[] gradient = Spread(length, length, special), kept = Spread(length, length + 1);
                float[] expectedLeft = new float[length], expected = EncodingReference.Transmit(encoding, gradient, kept, factor, expectedLeft);
                foreach (int width in KernelTesting.Widths)
                {
                    using var limit = new VectorLimit(width);
                    (float[] arrived, float[] left) = Transmit(encoding, gradient, kept, factor);
                    KernelTesting.SameBits(expected, arrived, $"{encoding}, {length} at {width}");
                    if (encoding.KeepsResidual && !special) Assert.Equal(expectedLeft, left);
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Encodings))]
    public void Any_part_of_a_block_is_decoded_as_in_the_whole(EncodingKind kind, double fraction)
    {
        var encoding = new GradientEncoding(kind, fraction);
        const int length = 1000;
        byte[] code = Code(encoding, Spread(length, 5), new float[length], 1, new float[length]);
        float[] whole = new float[length];
        BlockCode.Decode(encoding, code, length, 0, whole);
        foreach ((int start, int end) in new[] { (0, 1), (1, 128), (127, 129), (128, 256), (5, 997), (999, 1000), (500, 500) })
        {
            float[] part = KernelTesting.Poisoned(end - start);
            BlockCode.Decode(encoding, code, length, start, part);
            Assert.Equal(whole[start..end], part);
        }
    }

    [Fact]
    public void Every_half_comes_back_and_every_tie_goes_to_the_even_one()
    {
        var codes = Enumerable.Range(0, 1 << 16).Select(i => (ushort)i).ToArray();
        foreach (int width in KernelTesting.Widths)
        {
            using var limit = new VectorLimit(width);
            float[] numbers = KernelTesting.Poisoned(codes.Length);
            HalfPrecision<F16>.Decode(codes, numbers);
            KernelTesting.SameBits(Array.ConvertAll(codes, c => (float)BitConverter.UInt16BitsToHalf(c)), numbers, $"decoded at {width}");
            // Beside each half and in the middle between two.
            float[] near = [.. numbers.Where(float.IsFinite).SelectMany(Near)];
            float[] rounded = new float[near.Length];
            HalfPrecision<F16>.Round(near, rounded);
            KernelTesting.SameBits(Array.ConvertAll(near, x => (float)(Half)x), rounded, $"rounded at {width}");
            HalfPrecision<Bf16>.Round(near, rounded);
            KernelTesting.SameBits(Array.ConvertAll(near, EncodingReference.Bf16), rounded, $"rounded to bf16 at {width}");
        }
    }

    [Fact]
    public void Sixteen_bits_keep_infinities_and_NaN_and_overflow_to_infinity()
    {
        float[] x = [float.PositiveInfinity, float.NegativeInfinity, float.NaN, BitConverter.Int32BitsToSingle(0x7F800001), 65519f, 65520f, -1e30f, float.MaxValue, -0f];
        float[] f16 = new float[x.Length], bf16 = new float[x.Length];
        HalfPrecision<F16>.Round(x, f16);
        HalfPrecision<Bf16>.Round(x, bf16);
        KernelTesting.SameBits([float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.NaN, 65504f, float.PositiveInfinity, float.NegativeInfinity, float.PositiveInfinity, -0f], f16, "f16");
        KernelTesting.SameBits([float.PositiveInfinity, float.NegativeInfinity, float.NaN, float.NaN, 65536f, 65536f, EncodingReference.Bf16(-1e30f), float.PositiveInfinity, -0f], bf16, "bf16");
    }

    [Fact]
    public void Errors_stay_within_the_bounds_of_each_encoding()
    {
        float[] gradient = Spread(4096, 9);
        Assert.All(Pairs(new(EncodingKind.Bf16), gradient), p => Assert.InRange(Math.Abs(p.Sent - p.Arrived), 0, Math.Abs(p.Sent) / 256));
        Assert.All(Pairs(new(EncodingKind.F16), gradient), p => Assert.InRange(Math.Abs(p.Sent - p.Arrived), 0, Math.Max(Math.Abs(p.Sent) / 2048, 3e-8)));
        foreach ((double Sent, double Arrived)[] group in Pairs(new(EncodingKind.Int8), gradient).Chunk(GradientEncoding.GroupLength))
        {
            double bound = group.Max(p => Math.Abs(p.Sent)) / 254 * 1.00001;
            Assert.All(group, p => Assert.InRange(Math.Abs(p.Sent - p.Arrived), 0, bound));
        }
    }

    [Fact]
    public void Of_equal_sizes_the_first_positions_are_sent()
    {
        float[] x = [1, -2, 2, 0, -2, 2, 1, -0f];
        Assert.Equal([0, -2, 2, 0, -2, 0, 0, 0], Transmit(new(EncodingKind.TopK, 3.0 / 8), x, new float[8], 1).Arrived);
        Assert.Equal([1, -2, 2, 0, -2, 2, 0, 0], Transmit(new(EncodingKind.TopK, 5.0 / 8), x, new float[8], 1).Arrived);
        Assert.Equal([1, -2, 2, 0, -2, 2, 1, 0], Transmit(new(EncodingKind.TopK, 7.0 / 8), x, new float[8], 1).Arrived);
        // All alike: 41 positions of a whole block, the first ones.
        byte[] code = Code(new(EncodingKind.TopK, 0.01), [.. Enumerable.Repeat(-0.25f, 4096)], new float[4096], 1, new float[4096]);
        Assert.Equal(Enumerable.Range(0, 41).Select(i => (ushort)i), MemoryMarshal.Cast<byte, ushort>(code.AsSpan(41 * sizeof(float))).ToArray());
    }

    [Fact]
    public void A_block_of_zeros_and_one_of_the_smallest_numbers_stay_finite()
    {
        foreach (EncodingKind kind in Enum.GetValues<EncodingKind>())
        {
            var encoding = new GradientEncoding(kind, kind == EncodingKind.TopK ? 0.01 : 0);
            Assert.All(Transmit(encoding, new float[300], new float[300], 1).Arrived, x => Assert.Equal(0, x));
            float[] tiny = [.. Enumerable.Repeat(float.Epsilon, 300)];
            (float[] arrived, float[] left) = Transmit(encoding, tiny, new float[300], 1);
            Assert.All(arrived, x => Assert.True(x is >= 0 and <= float.Epsilon));
            if (encoding.KeepsResidual) Assert.Equal(tiny, arrived.Zip(left, (a, b) => a + b));
        }
    }

    [Theory]
    [InlineData(EncodingKind.Bf16)]
    [InlineData(EncodingKind.F16)]
    [InlineData(EncodingKind.Int8)]
    [InlineData(EncodingKind.TopK)]
    public void What_is_not_finite_arrives_as_such_wherever_it_stands(EncodingKind kind)
    {
        var encoding = new GradientEncoding(kind, kind == EncodingKind.TopK ? 0.01 : 0);
        foreach (float bad in new[] { float.NaN, float.PositiveInfinity, float.NegativeInfinity })
        {
            foreach (int at in new[] { 0, 127, 128, 700, 999 })
            {
                float[] gradient = Spread(1000, 3);
                gradient[at] = bad;
                Assert.False(float.IsFinite(Transmit(encoding, gradient, new float[1000], 1).Arrived[at]));
            }
        }
    }

    [Fact]
    public void Positions_that_a_broken_sender_names_are_not_followed_out_of_the_block()
    {
        byte[] code = new byte[41 * 6];
        code.AsSpan().Fill(0xFF);
        float[] x = new float[100];
        BlockCode.Decode(new(EncodingKind.TopK, 0.01), code, 4096, 50, x);
        Assert.All(x, value => Assert.Equal(0, value));
    }

    /// <summary>Of very different sizes, as the numbers of a gradient are.</summary>
    private static float[] Spread(int length, int seed, bool special = false)
    {
        float[] x = KernelTesting.Random(length, seed, special), size = KernelTesting.Random(length, seed + 1000);
        return [.. x.Zip(size, (a, b) => a * MathF.Exp(4 * b))];
    }

    private static IEnumerable<(double Sent, double Arrived)> Pairs(GradientEncoding encoding, float[] gradient) =>
        gradient.Zip(Transmit(encoding, gradient, new float[gradient.Length], 1).Arrived, (a, b) => ((double)a, (double)b));

    private static (float[] Arrived, float[] Left) Transmit(GradientEncoding encoding, float[] gradient, float[] kept, float factor)
    {
        float[] left = KernelTesting.Poisoned(gradient.Length), arrived = KernelTesting.Poisoned(gradient.Length);
        BlockCode.Decode(encoding, Code(encoding, gradient, kept, factor, left), gradient.Length, 0, arrived);
        return (arrived, left);
    }

    private static byte[] Code(GradientEncoding encoding, float[] gradient, float[] kept, float factor, float[] left)
    {
        byte[] code = new byte[encoding.BlockBytes(gradient.Length)];
        BlockCode.Encode(encoding, gradient, kept, factor, code, left);
        return code;
    }

    private static float[] Near(float x)
    {
        float middle = (x + MathF.BitIncrement(x)) / 2;
        float next = (float)BitConverter.UInt16BitsToHalf((ushort)(BitConverter.HalfToUInt16Bits((Half)x) + 1));
        float between = (x + next) / 2;
        return [x, MathF.BitIncrement(x), MathF.BitDecrement(x), middle, between, MathF.BitIncrement(between), MathF.BitDecrement(between)];
    }
}
