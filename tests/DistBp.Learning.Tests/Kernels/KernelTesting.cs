using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Tests.Kernels;

/// <summary>Kernel tests run one class after the other: they narrow the vectors of the whole process.</summary>
[CollectionDefinition("Vector widths", DisableParallelization = true)]
public sealed class VectorWidths;

/// <summary>Narrows the vectors that kernels use until disposed.</summary>
internal sealed class VectorLimit : IDisposable
{
    public VectorLimit(int bits) => Widest.Limit = bits;

    public void Dispose() => Widest.Limit = 512;
}

internal static class KernelTesting
{
    public static readonly int[] Widths = [512, 256, 128];

    /// <summary>Uniform in ±2, from the seed alone; poisoned with a NaN or ∞ now and then where asked for.</summary>
    public static float[] Random(int length, int seed, bool special = false)
    {
        var random = new Random(seed);
        float[] values = new float[length];
        for (int i = 0; i < length; i++)
        {
            values[i] = ((float)random.NextDouble() - 0.5f) * 4;
            if (special && random.Next(40) == 0) values[i] = random.Next(4) switch { 0 => float.NaN, 1 => float.PositiveInfinity, 2 => float.NegativeInfinity, _ => -0f };
        }
        return values;
    }

    /// <summary>Filled with NaN, so that an element that is not written shows.</summary>
    public static float[] Poisoned(int length)
    {
        float[] values = new float[length];
        Array.Fill(values, float.NaN);
        return values;
    }

    /// <summary>Equal bits; any NaN equals any other.</summary>
    public static void SameBits(ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, string what)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
        {
            if (float.IsNaN(expected[i]) && float.IsNaN(actual[i])) continue;
            if (BitConverter.SingleToInt32Bits(expected[i]) != BitConverter.SingleToInt32Bits(actual[i]))
                Assert.Fail($"{what}: element {i} is {actual[i]:R}, expected {expected[i]:R}");
        }
    }
}
