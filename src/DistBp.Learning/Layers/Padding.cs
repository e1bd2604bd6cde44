using DistBp.Learning.Kernels;

namespace DistBp.Learning.Layers;

/// <summary>How planes are padded: "same", "valid", or a number of pixels on each side.</summary>
/// <param name="Kind">Which of them.</param>
/// <param name="Pixels">On each side; 0 for the other kinds.</param>
public readonly record struct Padding(PaddingKind Kind, Plane Pixels = default)
{
    public static Padding Same => new(PaddingKind.Same);

    public static Padding Valid => new(PaddingKind.Valid);

    /// <summary>
    /// With "same" the output has ⌈input / stride⌉ rows and columns; where that takes an odd number of rows or columns, the odd one comes
    /// after, as in TensorFlow and PyTorch.
    /// </summary>
    internal WindowGeometry Apply(Plane input, Plane size, Plane stride, Plane dilation)
    {
        var window = new WindowGeometry { Input = input, Size = size, Stride = stride, Dilation = dilation, Before = Pixels, After = Pixels };
        if (Kind != PaddingKind.Same) return window;
        Plane reach = window.Reach;
        int rows = Missing(input.Height, reach.Height, stride.Height), columns = Missing(input.Width, reach.Width, stride.Width);
        return window with { Before = new Plane(rows / 2, columns / 2), After = new Plane(rows - rows / 2, columns - columns / 2) };
    }

    private static int Missing(int input, int reach, int stride)
    {
        int output = (input + stride - 1) / stride;
        return Math.Max(0, (output - 1) * stride + reach - input);
    }
}

/// <summary>See <see cref="Padding"/>.</summary>
public enum PaddingKind
{
    Valid,
    Same,
    Pixels,
}
