using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Reference;
using static DistBp.Learning.Tests.Kernels.KernelTesting;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class MatrixProductTests
{
    private readonly MatrixWorkspace _workspace = new();

    public static TheoryData<int, int, int, int> Shapes
    {
        get
        {
            var data = new TheoryData<int, int, int, int>();
            (int, int, int)[] shapes =
            [
                (0, 3, 4), (3, 0, 4), (3, 4, 0), (1, 1, 1), (1, 17, 5), (17, 1, 5), (7, 15, 3), (8, 16, 2), (9, 17, 1), (8, 48, 31),
                (16, 47, 33), (15, 49, 64), (23, 64, 7), (24, 80, 13), (31, 10, 37), (5, 97, 11), (53, 59, 61), (50, 300, 19), (64, 33, 129),
                (20, 50, 2100), (700, 9, 3), (1030, 26, 9), (49, 260, 1030),
            ];
            foreach (int width in Widths)
            {
                foreach ((int m, int n, int k) in shapes) data.Add(width, m, n, k);
            }
            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_product_has_the_bits_of_the_reference(int width, int m, int n, int k)
    {
        using var limit = new VectorLimit(width);
        foreach (bool special in (ReadOnlySpan<bool>)[false, true])
        {
            float[] a = Random(m * k, 1, special), b = Random(k * n, 2, special), expected = Poisoned(m * n);
            for (int transposition = 0; transposition < 4; transposition++)
            {
                bool transposeA = (transposition & 1) != 0, transposeB = (transposition & 2) != 0;
                float[] c = Poisoned(m * n);
                MatrixProduct.Multiply(a, transposeA, b, transposeB, c, m, n, k, _workspace);
                ProductReference.Multiply(a, transposeA, b, transposeB, expected, m, n, k);
                SameBits(expected, c, $"{m}x{n}x{k}, transposed {transposeA} {transposeB}, special {special}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void A_dense_layer_has_the_bits_of_the_reference_forward_and_backward(int width, int rows, int units, int inputs)
    {
        using var limit = new VectorLimit(width);
        float[] x = Random(rows * inputs, 3), weight = Random(units * inputs, 4), bias = Random(units, 5), dy = Random(rows * units, 6);
        foreach (Activation activation in Enum.GetValues<Activation>())
        {
            float[] y = Poisoned(rows * units), z = Poisoned(rows * units), expectedY = Poisoned(rows * units), expectedZ = Poisoned(rows * units);
            MatrixProduct.Dense(x, weight, bias, activation, z, y, rows, units, inputs, _workspace);
            ProductReference.Dense(x, weight, bias, activation, expectedZ, expectedY, rows, units, inputs);
            SameBits(expectedZ, z, $"before {activation}, {rows}x{units}x{inputs}");
            SameBits(expectedY, y, $"after {activation}, {rows}x{units}x{inputs}");

            float[] dx = Poisoned(rows * inputs), expectedDx = Poisoned(rows * inputs);
            bool gelu = activation == Activation.Gelu;
            MatrixProduct.DenseBackwardInput(dy, weight, activation, gelu ? x : [], gelu ? [] : x, dx, rows, units, inputs, _workspace);
            ProductReference.DenseBackwardInput(dy, weight, activation, gelu ? x : [], gelu ? [] : x, expectedDx, rows, units, inputs);
            SameBits(expectedDx, dx, $"input gradient, {activation}, {rows}x{units}x{inputs}");
        }
        float[] bare = Poisoned(rows * units), expectedBare = Poisoned(rows * units);
        MatrixProduct.Dense(x, weight, [], Activation.Identity, [], bare, rows, units, inputs, _workspace);
        ProductReference.Multiply(x, false, weight, true, expectedBare, rows, units, inputs);
        SameBits(expectedBare, bare, "without bias");
    }

    [Theory]
    [MemberData(nameof(Shapes))]
    public void Weight_and_bias_gradients_are_summed_along_the_tree_of_slices(int width, int units, int inputs, int rows)
    {
        using var limit = new VectorLimit(width);
        float[] dy = Random(rows * units, 7), x = Random(rows * inputs, 8);
        foreach (int slices in (ReadOnlySpan<int>)[1, 2, 3, 5, 6, 7, 8, 13])
        {
            int[] starts = RandomStarts(rows, slices);
            float[] dw = Poisoned(units * inputs), expected = Poisoned(units * inputs);
            MatrixProduct.DenseBackwardWeight(dy, x, starts, dw, units, inputs, _workspace);
            ProductReference.DenseBackwardWeight(dy, x, starts, expected, units, inputs);
            SameBits(expected, dw, $"weight gradient of {slices} slices, [{units}, {inputs}], {rows} rows");

            float[] db = Poisoned(units), expectedDb = Poisoned(units);
            ColumnSums.Sum(dy, starts, db, units, _workspace);
            ProductReference.ColumnSums(dy, starts, expectedDb, units);
            SameBits(expectedDb, db, $"bias gradient of {slices} slices, [{units}], {rows} rows");
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void A_sum_of_slices_that_underflows_keeps_its_sign(int slices)
    {
        // Each slice's only product rounds to −0, and a last slice without a neighbour must not have a zero added to it.
        const int units = 9, inputs = 65;
        float[] dy = [.. Enumerable.Repeat(-1e-30f, slices * units)], x = [.. Enumerable.Repeat(1e-30f, slices * inputs)];
        float[] dw = Poisoned(units * inputs);
        MatrixProduct.DenseBackwardWeight(dy, x, [.. Enumerable.Range(0, slices + 1)], dw, units, inputs, _workspace);
        Assert.All(dw, element => Assert.True(element == 0 && float.IsNegative(element)));
    }

    [Fact]
    public void A_product_is_near_the_one_in_double_precision()
    {
        const int m = 33, n = 50, k = 700;
        float[] a = Random(m * k, 9), b = Random(k * n, 10), c = Poisoned(m * n);
        MatrixProduct.Multiply(a, false, b, false, c, m, n, k);
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                double sum = 0;
                for (int p = 0; p < k; p++) sum += (double)a[i * k + p] * b[p * n + j];
                Assert.InRange(c[i * n + j] - sum, -1e-3, 1e-3);
            }
        }
    }

    [Fact]
    public void A_warm_workspace_allocates_nothing()
    {
        float[] x = Random(64 * 100, 1), weight = Random(50 * 100, 2), y = new float[64 * 50], dw = new float[50 * 100];
        int[] starts = [0, 32, 64];
        void Step()
        {
            MatrixProduct.Dense(x, weight, [], Activation.Tanh, [], y, 64, 50, 100, _workspace);
            MatrixProduct.DenseBackwardWeight(y, x, starts, dw, 50, 100, _workspace);
            ColumnSums.Sum(y, starts, dw, 50, _workspace);
        }
        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Step();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void A_matrix_that_is_too_short_is_refused()
        => Assert.Throws<ArgumentException>(() => MatrixProduct.Multiply(new float[5], false, new float[6], false, new float[4], 2, 2, 3));

    /// <summary>Some slices are empty.</summary>
    private static int[] RandomStarts(int rows, int slices)
    {
        var random = new Random(rows * 100 + slices);
        int[] starts = new int[slices + 1];
        for (int s = 1; s < slices; s++) starts[s] = random.Next(rows + 1);
        starts[slices] = rows;
        Array.Sort(starts);
        return starts;
    }
}
