using DistBp.Learning.Initialization;
using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Reference;
using DistBp.Learning.Kernels.Simd;
using static DistBp.Learning.Tests.Kernels.KernelTesting;

namespace DistBp.Learning.Tests.Kernels;

/// <summary>What is made of the counter-based generator's values in bulk.</summary>
[Collection("Vector widths")]
public sealed class RandomBitsTests
{
    private const ulong Key = 0x1234_5678_9abc_def0;

    public static TheoryData<int, int> Lengths
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int width in Widths)
            {
                foreach (int length in (ReadOnlySpan<int>)[0, 1, 3, 4, 15, 16, 17, 31, 32, 33, 100, 511, 512, 513, 1100]) data.Add(width, length);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void A_stream_is_the_generators_values_in_the_order_of_their_counters(int width, int length)
    {
        using var limit = new VectorLimit(width);
        // The low half carries into its upper word on the way.
        const ulong low = 0x7_ffff_fff0, high = 0xfedc_ba98_7654_3210;
        var words = new uint[length];
        PhiloxStream.Fill(words, Key, low, high);
        for (int i = 0; i < length; i++)
        {
            (uint a, uint b, uint c, uint d) = Philox.Generate(Key, low + (ulong)(i / 4), high);
            Assert.Equal((i, (i % 4) switch { 0 => a, 1 => b, 2 => c, _ => d }), (i, words[i]));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Masks_and_what_they_keep_have_the_bits_of_the_reference(int width, int length)
    {
        using var limit = new VectorLimit(width);
        float[] x = Random(length, 31, special: true);
        foreach (ushort threshold in (ReadOnlySpan<ushort>)[1, 0x2000, 0x8000, 0xffff])
        {
            float[] y = Poisoned(length), expected = Poisoned(length);
            var mask = new uint[DropoutMask.WordCount(length)];
            bool IsKept(int e) => DropoutReference.IsKept(e, threshold, Key, 5UL << 32, 77);
            DropoutMask.Fill(mask, threshold, Key, 5UL << 32, 77);
            DropoutMask.Apply(x, mask, 1.25f, y);
            DropoutReference.Apply(x, IsKept, 1.25f, expected);
            SameBits(expected, y, $"threshold {threshold}");
        }
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(0.5)]
    [InlineData(0.9)]
    public void The_share_that_is_dropped_is_the_probability(double probability)
    {
        var mask = new uint[1 << 15];
        DropoutMask.Fill(mask, (ushort)(probability * DropoutMask.Resolution), Key, 0, 0);
        double kept = mask.Sum(m => (double)System.Numerics.BitOperations.PopCount(m)) / (mask.Length * 32);
        Assert.Equal(1 - probability, kept, 0.003);
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Noise_is_normal_at_every_quantile_and_has_the_same_bits_at_every_width(int width, int length)
    {
        using var limit = new VectorLimit(width);
        float[] x = Random(length, 32), noisy = (float[])x.Clone();
        var words = new uint[length];
        PhiloxStream.Fill(words, Key, 9, 10);
        NormalNoise.Add(noisy, 0.5f, Key, 9, 10);
        for (int i = 0; i < length; i++)
        {
            float z = NormalNoise.Normal<float, SimdScalar>(BitConverter.UInt32BitsToSingle(words[i]));
            Assert.Equal(MathF.FusedMultiplyAdd(z, 0.5f, x[i]), noisy[i]);
            double exact = NormalQuantile.At((((int)words[i] >> 8) + 0.5) / (1 << 24) + 0.5);
            Assert.Equal(exact, z, 2e-6 * Math.Max(1, Math.Abs(exact)));
        }
    }

    [Fact]
    public void The_most_extreme_noise_is_finite()
    {
        foreach (int word in (ReadOnlySpan<int>)[int.MinValue, int.MaxValue, 0, -1])
        {
            float z = NormalNoise.Normal<float, SimdScalar>(BitConverter.Int32BitsToSingle(word));
            Assert.InRange(Math.Abs(z), 0, 5.6f);
        }
    }

    [Fact]
    public void Noise_has_mean_0_and_the_deviation_that_is_asked_for()
    {
        var x = new float[1 << 18];
        NormalNoise.Add(x, 0.3f, Key, 0, 0);
        double mean = x.Average();
        Assert.Equal(0, mean, 0.003);
        Assert.Equal(0.3, Math.Sqrt(x.Average(v => (v - mean) * (v - mean))), 0.003);
    }
}
