using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Convolutions;
using DistBp.Learning.Kernels.Reference;
using static DistBp.Learning.Tests.Kernels.KernelTesting;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class ConvolutionTests
{
    private readonly MatrixWorkspace _workspace = new();

    /// <summary>"channels, height x width -> filters, kernel, stride, before, after, dilation, groups".</summary>
    private static readonly Dictionary<string, ConvolutionGeometry> s_geometries = new()
    {
        ["one pixel"] = Geometry(1, new(1, 1), 1, new(1, 1), new(1, 1), default, default, new(1, 1), 1),
        ["1x1"] = Geometry(5, new(4, 3), 7, new(1, 1), new(1, 1), default, default, new(1, 1), 1),
        ["3x3 same, 32 filters"] = Geometry(3, new(7, 9), 32, new(3, 3), new(1, 1), new(1, 1), new(1, 1), new(1, 1), 1),
        ["3x3 same, 33 filters"] = Geometry(17, new(5, 5), 33, new(3, 3), new(1, 1), new(1, 1), new(1, 1), new(1, 1), 1),
        ["larger than a strip"] = Geometry(2, new(26, 25), 9, new(3, 3), new(1, 1), new(1, 1), new(1, 1), new(1, 1), 1),
        ["even kernel, uneven padding"] = Geometry(2, new(6, 7), 5, new(4, 2), new(1, 1), new(1, 0), new(2, 1), new(1, 1), 1),
        ["wide kernel"] = Geometry(1, new(3, 20), 18, new(2, 7), new(1, 1), default, default, new(1, 1), 1),
        ["strides"] = Geometry(3, new(11, 13), 20, new(3, 3), new(2, 3), new(1, 1), new(1, 1), new(1, 1), 1),
        ["stride beyond the kernel"] = Geometry(2, new(10, 11), 3, new(2, 1), new(3, 4), default, default, new(1, 1), 1),
        ["rows that no window sees"] = Geometry(1, new(9, 10), 2, new(2, 2), new(4, 4), default, default, new(1, 1), 1),
        ["dilation"] = Geometry(2, new(9, 8), 8, new(3, 2), new(1, 1), new(2, 3), new(2, 3), new(2, 3), 1),
        ["dilation and strides"] = Geometry(2, new(12, 13), 4, new(3, 3), new(2, 3), new(3, 2), new(1, 4), new(3, 2), 1),
        ["groups"] = Geometry(6, new(7, 6), 9, new(3, 3), new(1, 1), new(1, 1), new(1, 1), new(1, 1), 3),
        ["depthwise with strides"] = Geometry(4, new(8, 7), 8, new(3, 3), new(2, 2), new(1, 1), new(1, 1), new(1, 1), 4),
        ["padding beyond the kernel"] = Geometry(1, new(3, 3), 4, new(2, 2), new(1, 1), new(3, 3), new(3, 3), new(1, 1), 1),
    };

    public static TheoryData<int, string> Cases()
    {
        var cases = new TheoryData<int, string>();
        foreach (int width in Widths)
        {
            foreach (string name in s_geometries.Keys) cases.Add(width, name);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Forward_and_the_input_gradient_have_the_bits_of_the_reference(int width, string name)
    {
        using var limit = new VectorLimit(width);
        ConvolutionGeometry g = s_geometries[name];
        const int rows = 2;
        int inputs = rows * g.InputElements, outputs = rows * g.OutputElements;
        float[] weight = Random(g.Filters * g.KernelLength, 1), bias = Random(g.Filters, 2);
        foreach (bool special in (ReadOnlySpan<bool>)[false, true])
        {
            float[] x = Random(inputs, 3, special), dy = Random(outputs, 4, special);
            foreach (Activation activation in Enum.GetValues<Activation>())
            {
                bool gelu = activation == Activation.Gelu;
                float[] y = Poisoned(outputs), z = Poisoned(outputs), expectedY = Poisoned(outputs), expectedZ = Poisoned(outputs);
                Convolution.Forward(g, x, weight, bias, activation, gelu ? z : [], y, rows, _workspace);
                ConvolutionReference.Forward(g, x, weight, bias, activation, gelu ? expectedZ : [], expectedY, rows);
                SameBits(expectedZ, z, $"before {activation}, {name}");
                SameBits(expectedY, y, $"after {activation}, {name}");

                float[] dx = Poisoned(inputs), expectedDx = Poisoned(inputs);
                Convolution.BackwardInput(g, dy, weight, activation, gelu ? x : [], gelu ? [] : x, dx, rows, _workspace);
                ConvolutionReference.BackwardInput(g, dy, weight, activation, gelu ? x : [], gelu ? [] : x, expectedDx, rows);
                SameBits(expectedDx, dx, $"input gradient, {activation}, {name}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Weight_and_bias_gradients_are_summed_along_the_tree_of_slices(int width, string name)
    {
        using var limit = new VectorLimit(width);
        ConvolutionGeometry g = s_geometries[name];
        foreach (int[] starts in (int[][])[[0, 3], [0, 1, 3], [0, 2, 2, 3], [0, 1, 2, 3, 4, 4, 5], [0, 0], []])
        {
            int rows = starts.Length == 0 ? 0 : starts[^1];
            float[] x = Random(rows * g.InputElements, 5), dy = Random(rows * g.OutputElements, 6);
            float[] dw = Poisoned(g.Filters * g.KernelLength), db = Poisoned(g.Filters), expectedDw = Poisoned(dw.Length), expectedDb = Poisoned(db.Length);
            Convolution.BackwardWeight(g, dy, x, starts, dw, db, _workspace);
            ConvolutionReference.BackwardWeight(g, dy, x, starts.Length == 0 ? [0] : starts, expectedDw, expectedDb);
            SameBits(expectedDw, dw, $"weight gradient, slices at {string.Join(' ', starts)}, {name}");
            SameBits(expectedDb, db, $"bias gradient, slices at {string.Join(' ', starts)}, {name}");
        }
    }

    [Fact]
    public void A_warm_workspace_allocates_nothing()
    {
        ConvolutionGeometry g = s_geometries["dilation and strides"];
        float[] x = Random(g.InputElements, 1), weight = Random(g.Filters * g.KernelLength, 2), bias = Random(g.Filters, 3);
        float[] y = new float[g.OutputElements], dx = new float[x.Length], dw = new float[weight.Length], db = new float[bias.Length];
        int[] starts = [0, 1];
        void Step()
        {
            Convolution.Forward(g, x, weight, bias, Activation.Relu, [], y, 1, _workspace);
            Convolution.BackwardInput(g, y, weight, Activation.Relu, [], x, dx, 1, _workspace);
            Convolution.BackwardWeight(g, y, x, starts, dw, db, _workspace);
        }
        Step();
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 100; i++) Step();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Fact]
    public void Too_few_pixels_are_refused() => Assert.Throws<ArgumentException>(() => Convolution.Forward(
        s_geometries["1x1"], new float[59], new float[35], new float[7], Activation.Identity, [], new float[84], 1, _workspace));

    private static ConvolutionGeometry Geometry(
        int channels, Plane input, int filters, Plane size, Plane stride, Plane before, Plane after, Plane dilation, int groups) => new(
            new WindowGeometry { Input = input, Size = size, Stride = stride, Dilation = dilation, Before = before, After = after },
            channels, filters, groups);
}
