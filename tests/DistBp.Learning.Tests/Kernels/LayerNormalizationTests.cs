using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Reference;
using static DistBp.Learning.Tests.Kernels.KernelTesting;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class LayerNormalizationTests
{
    private const int Rows = 3;

    public static TheoryData<int, int> Lengths
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int width in Widths)
            {
                foreach (int n in (ReadOnlySpan<int>)[1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 127, 1000]) data.Add(width, n);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Forward_and_backward_have_the_bits_of_the_reference(int width, int n)
    {
        using var limit = new VectorLimit(width);
        float[] x = Random(Rows * n, 21), gain = Random(n, 22), offset = Random(n, 23), dy = Random(Rows * n, 24);
        float[] y = Poisoned(Rows * n), statistics = Poisoned(Rows * 2), dx = Poisoned(Rows * n), alone = (float[])dy.Clone();
        float[] expectedY = Poisoned(Rows * n), expectedDx = Poisoned(Rows * n), expectedDy = (float[])dy.Clone();
        for (int r = 0; r < Rows; r++)
        {
            Range row = (r * n)..((r + 1) * n);
            (float mean, float factor) = LayerNormReference.Forward(x.AsSpan(row), gain, offset, 1e-5f, expectedY.AsSpan(row));
            LayerNormReference.Backward(x.AsSpan(row), gain, mean, factor, expectedDy.AsSpan(row), expectedDx.AsSpan(row));
        }

        LayerNormalization.Forward(x, gain, offset, 1e-5f, y, statistics, Rows, n);
        LayerNormalization.Backward(x, gain, statistics, dy, dx, Rows, n);
        LayerNormalization.Backward(x, gain, statistics, alone, [], Rows, n);

        SameBits(expectedY, y, "y");
        SameBits(expectedDx, dx, "dx");
        SameBits(expectedDy, dy, "dy");
        SameBits(expectedDy, alone, "dy without dx");
    }

    [Fact]
    public void A_row_far_from_0_keeps_its_digits_and_a_constant_one_becomes_the_offset()
    {
        const int n = 50;
        float[] x = new float[2 * n], ones = new float[n], offset = new float[n], y = new float[2 * n];
        Array.Fill(ones, 1f);
        Array.Fill(offset, 0.25f);
        for (int i = 0; i < n; i++) (x[i], x[n + i]) = (10_000 + i % 2, 3);
        LayerNormalization.Forward(x, ones, offset, 1e-5f, y, new float[4], 2, n);
        for (int i = 0; i < n; i++)
        {
            Assert.Equal(i % 2 == 0 ? -0.75f : 1.25f, y[i], 1e-3f);
            Assert.Equal(0.25f, y[n + i]);
        }
    }
}
