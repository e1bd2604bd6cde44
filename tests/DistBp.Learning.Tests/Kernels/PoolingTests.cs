using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Reference;
using static DistBp.Learning.Tests.Kernels.KernelTesting;

namespace DistBp.Learning.Tests.Kernels;

[Collection("Vector widths")]
public sealed class PoolingTests
{
    private static readonly Dictionary<string, WindowGeometry> s_windows = new()
    {
        ["2x2"] = Window(new(4, 4), new(2, 2), new(2, 2)),
        ["2x2, wide"] = Window(new(2, 78), new(2, 2), new(2, 2)),
        ["2x2, odd rows and columns left over"] = Window(new(9, 35), new(2, 2), new(2, 2)),
        ["2x2, one window"] = Window(new(3, 3), new(2, 2), new(2, 2)),
        ["overlapping"] = Window(new(7, 8), new(3, 3), new(2, 1)),
        ["padded"] = Window(new(5, 6), new(3, 2), new(2, 2), new(1, 1)),
        ["gaps"] = Window(new(9, 10), new(2, 1), new(3, 4)),
        ["one pixel"] = Window(new(1, 1), new(1, 1), new(1, 1)),
    };

    public static TheoryData<int, string> Cases()
    {
        var cases = new TheoryData<int, string>();
        foreach (int width in Widths)
        {
            foreach (string name in s_windows.Keys) cases.Add(width, name);
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Pools_have_the_bits_of_the_reference_forward_and_backward(int width, string name)
    {
        using var limit = new VectorLimit(width);
        WindowGeometry window = s_windows[name];
        const int planes = 5;
        int inputs = planes * window.Input.Area, outputs = planes * window.Output.Area;
        foreach (bool special in (ReadOnlySpan<bool>)[false, true])
        {
            // Few different values: many are equal.
            float[] x = [.. Random(inputs, 1, special).Select(value => MathF.Round(value))], dy = Random(outputs, 2);
            float[] y = Poisoned(outputs), expected = Poisoned(outputs), dx = Poisoned(inputs), expectedDx = Poisoned(inputs);
            Pooling.Max(window, x, y, planes);
            PoolingReference.Max(window, x, expected, planes);
            SameBits(expected, y, $"maximum, {name}");
            Pooling.MaxBackward(window, x, dy, dx, planes);
            PoolingReference.MaxBackward(window, x, dy, expectedDx, planes);
            SameBits(expectedDx, dx, $"gradient of the maximum, {name}");

            Pooling.Average(window, x, y, planes);
            PoolingReference.Average(window, x, expected, planes);
            SameBits(expected, y, $"mean, {name}");
            Pooling.AverageBackward(window, dy, dx, planes);
            PoolingReference.AverageBackward(window, dy, expectedDx, planes);
            SameBits(expectedDx, dx, $"gradient of the mean, {name}");
        }
    }

    private static WindowGeometry Window(Plane input, Plane size, Plane stride, Plane padding = default)
        => new() { Input = input, Size = size, Stride = stride, Before = padding, After = padding };
}
