using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Reference;
using static DistBp.Learning.Tests.Kernels.KernelTesting;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class ElementwiseTests
{
    public static TheoryData<int, int> Lengths
    {
        get
        {
            var data = new TheoryData<int, int>();
            foreach (int width in Widths)
            {
                foreach (int length in (ReadOnlySpan<int>)[0, 1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 127, 1000]) data.Add(width, length);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Activations_have_the_bits_of_the_reference(int width, int length)
    {
        using var limit = new VectorLimit(width);
        float[] x = Random(length, 11, special: true), dy = Random(length, 12, special: true);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            float[] y = Poisoned(length), expected = Poisoned(length), dx = (float[])dy.Clone(), expectedDx = Poisoned(length);
            Activations.Apply(activation, x, y);
            ActivationReference.Apply(activation, x, expected);
            SameBits(expected, y, $"{activation}");
            bool gelu = activation == Activation.Gelu;
            Activations.Backward(activation, gelu ? x : [], gelu ? [] : y, dx, dx);
            ActivationReference.Backward(activation, gelu ? x : [], gelu ? [] : y, dy, expectedDx);
            SameBits(expectedDx, dx, $"{activation} backward");
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Optimizers_have_the_bits_of_the_reference(int width, int length)
    {
        using var limit = new VectorLimit(width);
        foreach (float scale in (ReadOnlySpan<float>)[1, 0.37f])
        {
            Compare(length, (p, g, a, b) => OptimizerKernels.Sgd(p, g, [], scale, new SgdScalars(0.1f, 0, false, 0.01f, false)),
                (p, g, a, b) => OptimizerReference.Sgd(p, g, [], scale, new SgdScalars(0.1f, 0, false, 0.01f, false)));
            foreach (SgdScalars s in (ReadOnlySpan<SgdScalars>)[new(0.1f, 0.9f, false, 0, true), new(0.1f, 0.9f, true, 0.01f, false)])
                Compare(length, (p, g, a, b) => OptimizerKernels.Sgd(p, g, a, scale, s), (p, g, a, b) => OptimizerReference.Sgd(p, g, a, scale, s));
            var adagrad = new AdagradScalars(0.1f, 1e-10f, 0.01f);
            Compare(length, (p, g, a, b) => OptimizerKernels.Adagrad(p, g, a, scale, adagrad),
                (p, g, a, b) => OptimizerReference.Adagrad(p, g, a, scale, adagrad));
            foreach (double momentum in (ReadOnlySpan<double>)[0, 0.9])
            {
                var rmsprop = RmspropScalars.Of(0.01, 0.99, 1e-8, momentum, 0.01);
                Compare(length, (p, g, a, b) => OptimizerKernels.Rmsprop(p, g, a, b, scale, rmsprop),
                    (p, g, a, b) => OptimizerReference.Rmsprop(p, g, a, b, scale, rmsprop));
            }
            var adam = AdamScalars.At(3, 0.001, 0.9, 0.999, 1e-8, 0.01);
            Compare(length, (p, g, a, b) => OptimizerKernels.Adam(p, g, a, b, scale, adam),
                (p, g, a, b) => OptimizerReference.Adam(p, g, a, b, scale, adam));
            Compare(length, (p, g, a, b) => OptimizerKernels.Adamw(p, g, a, b, scale, adam),
                (p, g, a, b) => OptimizerReference.Adamw(p, g, a, b, scale, adam));
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Gradient_means_and_norms_have_the_bits_of_the_reference(int width, int length)
    {
        using var limit = new VectorLimit(width);
        float[] left = Random(length, 13), right = Random(length, 14), weights = Random(length, 15);
        GradientTreatment[] treatments = [GradientTreatment.None, new(0.1f, 0, float.PositiveInfinity), new(0, 0.2f, 0.5f), new(0.1f, 0.2f, 0.01f)];
        foreach (GradientTreatment treatment in treatments)
        {
            foreach (float[] second in (ReadOnlySpan<float[]>)[right, []])
            {
                float[] mean = Poisoned(length), expected = Poisoned(length);
                double norm = GradientReduction.MeanAndNorm(left, second, 7, mean, weights, treatment);
                Assert.Equal(GradientReference.MeanAndNorm(left, second, 7, expected, weights, treatment), norm);
                SameBits(expected, mean, $"{treatment}");
            }
        }
        float[] sum = Poisoned(length);
        GradientReduction.Add(left, right, sum);
        SameBits(left.Zip(right, (l, r) => l + r).ToArray(), sum, "sum");
        Assert.Equal(ReductionReference.Sum(left), Reductions.Sum(left));
        Assert.Equal(ReductionReference.SquaredNorm(left), Reductions.SquaredNorm(left));
        Assert.Equal(ReductionReference.Maximum(left), Reductions.Maximum(left));
        Assert.True(Reductions.AllFinite(left));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(float.NegativeInfinity)]
    public void A_bad_element_shows_in_the_norm_even_where_elements_are_clamped(float bad)
    {
        foreach (int length in (ReadOnlySpan<int>)[1, 16, 40])
        {
            for (int at = 0; at < length; at++)
            {
                float[] gradient = Random(length, 16), mean = new float[length];
                gradient[at] = bad;
                Assert.False(double.IsFinite(GradientReduction.MeanAndNorm(gradient, [], 2, mean, [], new GradientTreatment(0, 0, 0.5f))));
                Assert.False(Reductions.AllFinite(gradient));
                Assert.False(double.IsFinite(Reductions.SquaredNorm(gradient)));
                if (float.IsNaN(bad)) Assert.True(float.IsNaN(Reductions.Maximum(gradient)));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Lengths))]
    public void Softmax_has_the_bits_of_the_reference(int width, int columns)
    {
        using var limit = new VectorLimit(width);
        const int rows = 5;
        for (int kind = 0; kind < 2; kind++)
        {
            float[] x = Random(rows * columns, 17, special: kind == 1), y = Poisoned(x.Length), expected = Poisoned(x.Length);
            float[] labels = [.. Enumerable.Range(0, rows).Select(r => (float)(r * 3 % Math.Max(1, columns)))];
            Softmax.Rows(x, y, rows, columns);
            for (int r = 0; r < rows; r++) SoftmaxReference.Row(x.AsSpan(r * columns, columns), null, expected.AsSpan(r * columns, columns));
            SameBits(expected, y, "softmax");
            if (columns == 0) continue;
            float[] losses = Poisoned(rows), alone = Poisoned(rows), expectedLosses = Poisoned(rows);
            for (int r = 0; r < rows; r++)
                expectedLosses[r] = SoftmaxReference.Row(x.AsSpan(r * columns, columns), (int)labels[r], expected.AsSpan(r * columns, columns));
            Softmax.CrossEntropy(x, labels, [], alone, rows, columns);
            Softmax.CrossEntropy(x, labels, x, losses, rows, columns);
            SameBits(expected, x, "gradient in place");
            SameBits(expectedLosses, losses, "losses");
            SameBits(expectedLosses, alone, "losses alone");
        }
    }

    [Fact]
    public void Softmax_of_huge_logits_is_stable_and_near_double_precision()
    {
        float[] logits = [1000, 999, -1000, 0], gradient = new float[4], losses = new float[1];
        Softmax.CrossEntropy(logits, (float[])[1], gradient, losses, 1, 4);
        double e = Math.Exp(-1);
        Assert.Equal(Math.Log(1 + e) + 1, losses[0], 1e-6);
        Assert.Equal(1 / (1 + e), gradient[0], 1e-7);
        Assert.Equal(e / (1 + e) - 1, gradient[1], 1e-7);
        Assert.Equal(0, gradient[2]);
    }

    [Theory]
    [InlineData(-1f)]
    [InlineData(4f)]
    [InlineData(float.NaN)]
    public void A_label_of_no_class_is_refused(float label)
        => Assert.Throws<ArgumentOutOfRangeException>(() => Softmax.CrossEntropy(new float[4], (float[])[label], [], new float[1], 1, 4));

    [Fact]
    public void Gathered_rows_are_the_chosen_ones()
    {
        float[] source = Random(7 * 5, 18), picked = Poisoned(3 * 5);
        Gather.Rows(source, (int[])[6, 0, 6], picked, 5);
        SameBits([.. source[30..], .. source[..5], .. source[30..]], picked, "rows");
    }

    private delegate void Update(float[] parameters, float[] gradient, float[] first, float[] second);

    private static void Compare(int length, Update kernel, Update reference)
    {
        float[] p = Random(length, 19), g = Random(length, 20), a = [.. Random(length, 21).Select(Math.Abs)], b = [.. Random(length, 22).Select(Math.Abs)];
        float[][] expected = [(float[])p.Clone(), g, (float[])a.Clone(), (float[])b.Clone()];
        kernel(p, g, a, b);
        reference(expected[0], expected[1], expected[2], expected[3]);
        SameBits(expected[0], p, "parameters");
        SameBits(expected[2], a, "first state");
        SameBits(expected[3], b, "second state");
    }
}
