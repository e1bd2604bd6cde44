using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class MagnitudesTests
{
    private static readonly int[] Lengths = [0, 1, 7, 15, 16, 17, 31, 33, 1000, 4096];

    [Fact]
    public void Sums_maxima_and_zeros_are_those_of_the_plain_loops_at_every_width()
    {
        foreach (int length in Lengths)
        {
            float[] x = KernelTesting.Random(length, length);
            for (int i = 0; i < length; i += 3) x[i] = i % 2 == 0 ? 0 : -0f;
            foreach (int width in KernelTesting.Widths)
            {
                using var limit = new VectorLimit(width);
                Assert.Equal(MagnitudesReference.Of(x), Magnitudes.Of(x));
                Assert.Equal((length + 2) / 3, Magnitudes.Of(x).Zeros);
            }
        }
    }

    [Fact]
    public void What_is_not_finite_shows_wherever_it_stands()
    {
        foreach (int at in new[] { 0, 5, 16, 30, 36 })
        {
            float[] x = KernelTesting.Random(37, at);
            x[at] = float.NegativeInfinity;
            Assert.Equal(float.PositiveInfinity, Magnitudes.Of(x).Maximum);
            x[at] = float.NaN;
            Assert.True(float.IsNaN(Magnitudes.Of(x).Maximum));
            Assert.True(double.IsNaN(Magnitudes.Of(x).SquaredSum));
        }
    }

    [Fact]
    public void Distances_are_those_of_the_plain_loops()
    {
        foreach (int length in Lengths)
        {
            float[] x = KernelTesting.Random(length, length), y = KernelTesting.Random(length, length + 1);
            Assert.Equal(MagnitudesReference.SquaredDistance(x, y), Magnitudes.SquaredDistance(x, y));
            Assert.Equal(0, Magnitudes.SquaredDistance(x, x));
        }
    }
}
