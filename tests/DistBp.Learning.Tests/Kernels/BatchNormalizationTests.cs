using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class BatchNormalizationTests
{
    private const double Epsilon = 1e-5;

    public static TheoryData<int, int, int> Shapes()
    {
        var shapes = new TheoryData<int, int, int>();
        foreach (int rows in (int[])[1, 2, 7])
        foreach (int channels in (int[])[1, 3, 16, 37])
        foreach (int positions in (int[])[1, 2, 15, 16, 49])
            shapes.Add(rows, channels, positions);
        return shapes;
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Statistics_outputs_and_gradients_are_those_of_the_reference_with_the_same_bits_for_every_width(int rows, int channels, int positions)
    {
        int count = rows * channels * positions;
        float[] x = KernelTesting.Random(count, 1), dy = KernelTesting.Random(count, 2);
        float[] gain = KernelTesting.Random(channels, 3), bias = KernelTesting.Random(channels, 4);
        var expected = BatchNormalizationReference.Pass(x, dy, gain, bias, rows, channels, positions, Epsilon);
        (double[] mean, double[] variance) = BatchNormalizationReference.Statistics(x, rows, channels, positions);
        Result? first = null;
        foreach (int width in KernelTesting.Widths)
        {
            using var limit = new VectorLimit(width);
            Result result = Compute(x, dy, gain, bias, rows, channels, positions);
            RequireClose(mean, result.Mean);
            RequireClose(variance, result.Variance);
            RequireClose(expected.DGain, result.DGain);
            RequireClose(expected.DBias, result.DBias);
            // Two elements that nearly agree are divided by next to nothing: there only the bits are compared.
            if (variance.Min() > 1e-3 || rows * positions == 1)
            {
                RequireClose(expected.Y, result.Y);
                RequireClose(expected.Dx, result.Dx);
            }
            first ??= result;
            KernelTesting.SameBits(first.Y, result.Y, $"y at {width}");
            KernelTesting.SameBits(first.Dx, result.Dx, $"dx at {width}");
            KernelTesting.SameBits(first.DGain, result.DGain, $"dGain at {width}");
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(17)]
    public void A_running_average_moves_by_its_momentum(int length)
    {
        float[] newest = KernelTesting.Random(length, 1), start = KernelTesting.Random(length, 2);
        foreach (int width in KernelTesting.Widths)
        {
            using var limit = new VectorLimit(width);
            float[] running = [.. start];
            RunningAverages.Move(running, newest, 0.3f);
            for (int i = 0; i < length; i++) Assert.Equal(MathF.FusedMultiplyAdd(0.3f, newest[i] - start[i], start[i]), running[i]);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(7)]
    [InlineData(12)]
    public void Values_of_slices_are_added_along_the_tree(int slices)
    {
        float[] values = KernelTesting.Random(slices * 5, slices), sums = new float[5];
        float[] expected = [.. Enumerable.Range(0, 5).Select(i => Sum(new Subtree(0, slices), i))];
        GradientReduction.AddSlices([.. values], slices, sums);
        KernelTesting.SameBits(expected, sums, "sum");

        float Sum(Subtree node, int i) => node.Count == 1 ? values[node.First * 5 + i] : Sum(node.Left, i) + Sum(node.Right, i);
    }

    private sealed record Result(float[] Mean, float[] Variance, float[] Y, float[] DGain, float[] DBias, float[] Dx);

    private static Result Compute(float[] x, float[] dy, float[] gain, float[] bias, int rows, int channels, int positions)
    {
        float[] mean = KernelTesting.Poisoned(channels), variance = KernelTesting.Poisoned(channels), y = KernelTesting.Poisoned(x.Length);
        float[] dGain = KernelTesting.Poisoned(channels), dBias = KernelTesting.Poisoned(channels), dx = KernelTesting.Poisoned(x.Length);
        var sums = new double[channels];
        BatchStatistics.Compute(x, rows, positions, mean, variance, sums);
        float[] inverse = [.. variance.Select(v => BatchStatistics.InverseDeviation(v, Epsilon))];
        float[] scale = [.. gain.Zip(inverse, (g, i) => g * i)];
        ChannelwiseMaps.Normalize(x, y, mean, scale, bias, rows, positions);
        BatchStatistics.Backward(dy, x, rows, positions, mean, variance, Epsilon, dGain, dBias, sums);
        float n = rows * positions;
        float[] offset = [.. dBias.Select(d => d / n)], slope = [.. dGain.Zip(inverse, (d, i) => -(d / n * i))];
        ChannelwiseMaps.NormalizeBackward(dy, x, dx, mean, scale, offset, slope, rows, positions);
        return new Result(mean, variance, y, dGain, dBias, dx);
    }

    private static void RequireClose(double[] expected, float[] actual)
    {
        double size = Math.Max(1, expected.Max(Math.Abs));
        for (int i = 0; i < expected.Length; i++) Assert.Equal(expected[i], actual[i], 2e-5 * size);
    }
}
