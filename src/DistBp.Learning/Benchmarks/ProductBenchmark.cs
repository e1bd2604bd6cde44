using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Benchmarks;

/// <summary>Matrix products on one core beside its FMA peak.</summary>
public static class ProductBenchmark
{
    private static readonly (int M, int N, int K)[] s_shapes =
    [
        (32, 512, 784), (64, 512, 784), (256, 512, 784), (512, 784, 256), (256, 256, 512), (1024, 1024, 1024), (2048, 2048, 2048),
    ];

    private static readonly (int Rows, int Units, int Inputs, int Slices)[] s_layers =
    [
        (32, 512, 784, 1), (64, 512, 784, 2), (128, 512, 784, 4), (256, 512, 784, 1), (256, 512, 784, 8), (1024, 512, 784, 8), (1024, 512, 784, 32),
        (256, 256, 512, 8), (256, 10, 256, 8),
    ];

    /// <summary>512, 256 or 128: what the kernels run at here.</summary>
    public static int VectorBits => Widest.Bits;

    /// <summary>GFLOP/s of fused multiply-adds in registers, one core.</summary>
    public static double MeasurePeak() => FmaPeak.Measure();

    /// <summary>Ready-made products c = a·b, then the three products of dense layers, one row after the other as measured.</summary>
    public static IEnumerable<KernelRate> Run()
    {
        foreach ((int m, int n, int k) in s_shapes) yield return Product(m, n, k);
        foreach ((int rows, int units, int inputs, int slices) in s_layers)
        {
            foreach (KernelRate rate in Layer(rows, units, inputs, slices)) yield return rate;
        }
    }

    private static KernelRate Product(int m, int n, int k)
    {
        TensorBuffer a = BenchmarkValues.Of(m * k), b = BenchmarkValues.Of(k * n), c = new(m * n);
        var workspace = new MatrixWorkspace();
        return Measure("product", m, n, k, "", () => MatrixProduct.Multiply(a.Span, false, b.Span, false, c.Span, m, n, k, workspace));
    }

    private static IEnumerable<KernelRate> Layer(int rows, int units, int inputs, int slices)
    {
        TensorBuffer x = BenchmarkValues.Of(rows * inputs), weight = BenchmarkValues.Of(units * inputs), bias = BenchmarkValues.Of(units), y = new(rows * units);
        TensorBuffer dy = BenchmarkValues.Of(rows * units), dx = new(rows * inputs), dw = new(units * inputs);
        int[] starts = [.. Enumerable.Range(0, slices + 1).Select(s => (int)((long)rows * s / slices))];
        var workspace = new MatrixWorkspace();
        yield return Measure("dense", rows, units, inputs, "", () =>
            MatrixProduct.Dense(x.Span, weight.Span, bias.Span, Activation.Relu, [], y.Span, rows, units, inputs, workspace));
        yield return Measure("dense backward input", rows, inputs, units, "", () =>
            MatrixProduct.DenseBackwardInput(dy.Span, weight.Span, Activation.Relu, [], x.Span, dx.Span, rows, units, inputs, workspace));
        yield return Measure("dense backward weight", units, inputs, rows, $", {slices} slices", () =>
            MatrixProduct.DenseBackwardWeight(dy.Span, x.Span, starts, dw.Span, units, inputs, workspace));
    }

    private static KernelRate Measure(string kernel, int m, int n, int k, string note, Action action)
        => KernelRate.Measure(kernel, $"{m}x{n}x{k}{note}", 2.0 * m * n * k, action);
}
