using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Convolutions;

namespace DistBp.Learning.Benchmarks;

/// <summary>The convolutions of the CNN 32-64 on pictures of 28 x 28 (deploy/jobs/fashion-cnn.yaml), one core beside its FMA peak.</summary>
public static class ConvolutionBenchmark
{
    private static readonly (int Channels, int Side, int Filters)[] s_shapes = [(1, 28, 32), (32, 14, 64)];

    private static readonly int[] s_rows = [32, 256];

    /// <summary>Forward, input gradient (but of the first layer, which needs none) and weight gradient.</summary>
    public static IEnumerable<KernelRate> Run()
        => s_shapes.SelectMany(shape => s_rows.SelectMany(rows => Layer(rows, shape.Channels, shape.Side, shape.Filters)));

    private static IEnumerable<KernelRate> Layer(int rows, int channels, int side, int filters)
    {
        var geometry = new ConvolutionGeometry(
            new WindowGeometry
            {
                Input = Plane.Square(side), Size = Plane.Square(3), Stride = Plane.Square(1), Before = Plane.Square(1), After = Plane.Square(1),
            },
            channels, filters, groups: 1);
        TensorBuffer x = BenchmarkValues.Of(rows * geometry.InputElements), dx = new(x.Length);
        TensorBuffer y = new(rows * geometry.OutputElements), dy = BenchmarkValues.Of(y.Length);
        TensorBuffer weight = BenchmarkValues.Of(filters * geometry.KernelLength), dw = new(weight.Length);
        TensorBuffer bias = BenchmarkValues.Of(filters), db = new(filters);
        int[] starts = [0, rows];
        var workspace = new MatrixWorkspace();
        string shape = $"{rows} x {channels}x{side}x{side} to {filters}, 3x3";
        double operations = 2.0 * rows * geometry.Window.Output.Area * geometry.KernelLength * filters;
        yield return KernelRate.Measure("convolution", shape, operations, () =>
            Convolution.Forward(geometry, x.Span, weight.Span, bias.Span, Activation.Relu, [], y.Span, rows, workspace));
        if (channels > 1)
        {
            yield return KernelRate.Measure("convolution backward input", shape, operations, () =>
                Convolution.BackwardInput(geometry, dy.Span, weight.Span, Activation.Identity, [], [], dx.Span, rows, workspace));
        }
        yield return KernelRate.Measure("convolution backward weight", shape, operations, () =>
            Convolution.BackwardWeight(geometry, dy.Span, x.Span, starts, dw.Span, db.Span, workspace));
    }
}
