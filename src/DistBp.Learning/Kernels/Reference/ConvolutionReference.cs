using DistBp.Learning.Kernels.Convolutions;

namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="Convolution"/> computes, element by element: its oracle, in its order.</summary>
internal static class ConvolutionReference
{
    /// <summary>z[o, i, j] = b[o] + Σ over (c, u, v) of W[o, c, u, v] · pixel, in this order, fused; a pixel outside counts as 0.</summary>
    public static void Forward(
        ConvolutionGeometry g, ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, Activation activation,
        Span<float> preActivation, Span<float> y, int rows)
    {
        Plane output = g.Window.Output, size = g.Window.Size;
        for (int at = 0; at < rows * g.OutputElements; at++)
        {
            int row = at / g.OutputElements, filter = at / output.Area % g.Filters, i = at / output.Width % output.Height, j = at % output.Width;
            float sum = bias[filter];
            for (int tap = 0; tap < g.KernelLength; tap++)
            {
                int channel = tap / size.Area, u = tap / size.Width % size.Height, v = tap % size.Width;
                float pixel = Pixel(g, x, row, filter / g.FiltersOfGroup * g.ChannelsOfGroup + channel, i, j, u, v);
                sum = MathF.FusedMultiplyAdd(weight[filter * g.KernelLength + tap], pixel, sum);
            }
            y[at] = sum;
        }
        if (preActivation.Length > 0) y[..(rows * g.OutputElements)].CopyTo(preActivation);
        ActivationReference.Apply(activation, y[..(rows * g.OutputElements)], y);
    }

    /// <summary>dx[c, i, j] = (Σ over (o, u, v) of W[o, c, u, v] · dy at the window whose (u, v) is the pixel) ⊙ f'; 0 for one outside.</summary>
    public static void BackwardInput(
        ConvolutionGeometry g, ReadOnlySpan<float> dy, ReadOnlySpan<float> weight, Activation previous, ReadOnlySpan<float> previousX,
        ReadOnlySpan<float> previousY, Span<float> dx, int rows)
    {
        Plane input = g.Window.Input, size = g.Window.Size, stride = g.Window.Stride, dilation = g.Window.Dilation, output = g.Window.Output;
        for (int at = 0; at < rows * g.InputElements; at++)
        {
            int row = at / g.InputElements, channel = at / input.Area % g.Channels, i = at / input.Width % input.Height, j = at % input.Width;
            int group = channel / g.ChannelsOfGroup;
            float sum = 0;
            for (int f = group * g.FiltersOfGroup; f < (group + 1) * g.FiltersOfGroup; f++)
            {
                for (int tap = 0; tap < size.Area; tap++)
                {
                    int down = i + g.Window.Before.Height - tap / size.Width * dilation.Height;
                    int along = j + g.Window.Before.Width - tap % size.Width * dilation.Width;
                    if (down % stride.Height != 0 || along % stride.Width != 0) continue;
                    (down, along) = (down / stride.Height, along / stride.Width);
                    bool isWindow = down >= 0 && down < output.Height && along >= 0 && along < output.Width;
                    float gradient = isWindow ? dy[row * g.OutputElements + (f * output.Height + down) * output.Width + along] : 0;
                    sum = MathF.FusedMultiplyAdd(weight[f * g.KernelLength + channel % g.ChannelsOfGroup * size.Area + tap], gradient, sum);
                }
            }
            dx[at] = sum;
        }
        ActivationReference.Backward(previous, previousX, previousY, dx[..(rows * g.InputElements)], dx);
    }

    /// <summary>Per slice over its rows and their windows in order from 0, dw fused; the slices' sums added along the tree.</summary>
    public static void BackwardWeight(
        ConvolutionGeometry g, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<int> rowStarts, Span<float> dw, Span<float> db)
    {
        var slices = new Subtree(0, rowStarts.Length - 1);
        for (int filter = 0; filter < g.Filters; filter++)
        {
            db[filter] = Sum(g, dy, x, rowStarts, slices, filter, tap: -1);
            for (int tap = 0; tap < g.KernelLength; tap++)
                dw[filter * g.KernelLength + tap] = Sum(g, dy, x, rowStarts, slices, filter, tap);
        }
    }

    // tap −1: the bias.
    private static float Sum(
        ConvolutionGeometry g, ReadOnlySpan<float> dy, ReadOnlySpan<float> x, ReadOnlySpan<int> rowStarts, Subtree node, int filter, int tap)
    {
        if (node.Count == 0) return 0;
        if (node.Count > 1) return Sum(g, dy, x, rowStarts, node.Left, filter, tap) + Sum(g, dy, x, rowStarts, node.Right, filter, tap);
        Plane output = g.Window.Output, size = g.Window.Size;
        float sum = 0;
        for (int row = rowStarts[node.First]; row < rowStarts[node.End]; row++)
        {
            for (int window = 0; window < output.Area; window++)
            {
                float gradient = dy[row * g.OutputElements + filter * output.Area + window];
                int channel = filter / g.FiltersOfGroup * g.ChannelsOfGroup + Math.Max(0, tap) / size.Area;
                sum = tap < 0
                    ? sum + gradient
                    : MathF.FusedMultiplyAdd(
                        Pixel(g, x, row, channel, window / output.Width, window % output.Width, tap / size.Width % size.Height, tap % size.Width),
                        gradient, sum);
            }
        }
        return sum;
    }

    /// <summary>The pixel (u, v) of window (i, j).</summary>
    private static float Pixel(ConvolutionGeometry g, ReadOnlySpan<float> x, int row, int channel, int i, int j, int u, int v)
    {
        Plane input = g.Window.Input;
        int down = i * g.Window.Stride.Height - g.Window.Before.Height + u * g.Window.Dilation.Height;
        int along = j * g.Window.Stride.Width - g.Window.Before.Width + v * g.Window.Dilation.Width;
        bool isPadding = down < 0 || down >= input.Height || along < 0 || along >= input.Width;
        return isPadding ? 0 : x[row * g.InputElements + (channel * input.Height + down) * input.Width + along];
    }
}
