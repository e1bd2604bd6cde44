namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>
/// The pixels of the input whose distance to a window's first pixel leaves the same remainder by the stride: the same taps reach them, so
/// that their gradient is one product over dy. A stride of 1 has one phase, which is every pixel.
/// </summary>
internal sealed class InputPhase
{
    public InputPhase(WindowGeometry window, int filters, int kernelLength, Plane remainder, Plane before, Plane padded)
    {
        Plane input = window.Input, stride = window.Stride, size = window.Size, dilation = window.Dilation;
        var pixels = new List<int>();
        var positions = new List<int>();
        for (int i = 0; i < input.Height; i++)
        {
            int down = i + window.Before.Height;
            if (down % stride.Height != remainder.Height) continue;
            for (int j = 0; j < input.Width; j++)
            {
                int along = j + window.Before.Width;
                if (along % stride.Width != remainder.Width) continue;
                pixels.Add(i * input.Width + j);
                positions.Add((down / stride.Height + before.Height) * padded.Width + along / stride.Width + before.Width);
            }
        }
        var steps = new List<int>();
        var weights = new List<int>();
        for (int f = 0; f < filters; f++)
        {
            for (int u = 0; u < size.Height; u++)
            {
                if (u * dilation.Height % stride.Height != remainder.Height) continue;
                for (int v = 0; v < size.Width; v++)
                {
                    if (v * dilation.Width % stride.Width != remainder.Width) continue;
                    steps.Add(f * padded.Area - u * dilation.Height / stride.Height * padded.Width - v * dilation.Width / stride.Width);
                    weights.Add(f * kernelLength + u * size.Width + v);
                }
            }
        }
        (Pixels, Positions, Steps, Weights) = ([.. pixels], [.. positions], [.. steps], [.. weights]);
    }

    /// <summary>In a plane of the input.</summary>
    public int[] Pixels { get; }

    /// <summary>Of each pixel, in a padded plane of dy.</summary>
    public int[] Positions { get; }

    /// <summary>(filter of the group, row, column of the window), in this order: from a position to the dy that the tap takes.</summary>
    public int[] Steps { get; }

    /// <summary>The weight of each step, for the first channel of the group.</summary>
    public int[] Weights { get; }
}
