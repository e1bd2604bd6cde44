namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>The shapes of one convolution, and where its products find their elements. Made once a layer; read by any thread.</summary>
public sealed class ConvolutionGeometry
{
    /// <param name="channels">Of the input; a multiple of groups.</param>
    /// <param name="filters">Channels of the output; a multiple of groups.</param>
    public ConvolutionGeometry(WindowGeometry window, int channels, int filters, int groups)
    {
        (Window, Channels, Filters, Groups) = (window, channels, filters, groups);
        Plane padded = window.Padded, size = window.Size;
        Taps = new int[KernelLength];
        for (int tap = 0; tap < Taps.Length; tap++)
        {
            int channel = tap / size.Area, u = tap / size.Width % size.Height, v = tap % size.Width;
            Taps[tap] = channel * padded.Area + u * window.Dilation.Height * padded.Width + v * window.Dilation.Width;
        }
        WeightsInOrder = [.. Enumerable.Range(0, KernelLength)];
        Plane output = window.Output;
        Positions = new int[output.Area];
        for (int p = 0; p < Positions.Length; p++)
            Positions[p] = p / output.Width * window.Stride.Height * padded.Width + p % output.Width * window.Stride.Width;
        DyBefore = new Plane(
            Before(window.Reach.Height, window.Before.Height, window.Stride.Height),
            Before(window.Reach.Width, window.Before.Width, window.Stride.Width));
        PaddedDy = new Plane(
            DyBefore.Height + Math.Max(output.Height, (window.Input.Height - 1 + window.Before.Height) / window.Stride.Height + 1),
            DyBefore.Width + Math.Max(output.Width, (window.Input.Width - 1 + window.Before.Width) / window.Stride.Width + 1));
        Phases = [.. from u in Enumerable.Range(0, window.Stride.Height)
                     from v in Enumerable.Range(0, window.Stride.Width)
                     select new InputPhase(window, FiltersOfGroup, KernelLength, new Plane(u, v), DyBefore, PaddedDy)];
    }

    public WindowGeometry Window { get; }

    public int Channels { get; }

    public int Filters { get; }

    public int Groups { get; }

    public int ChannelsOfGroup => Channels / Groups;

    public int FiltersOfGroup => Filters / Groups;

    /// <summary>Weights of one filter: (channel of the group, row, column).</summary>
    public int KernelLength => ChannelsOfGroup * Window.Size.Area;

    public int InputElements => Channels * Window.Input.Area;

    public int OutputElements => Filters * Window.Output.Area;

    /// <summary>From the first pixel of a window to the pixel of each weight, in the padded planes of a group.</summary>
    internal int[] Taps { get; }

    internal int[] WeightsInOrder { get; }

    /// <summary>The first pixel of each window, in a padded plane.</summary>
    internal int[] Positions { get; }

    /// <summary>The border of zeros around dy from which dx is computed.</summary>
    internal Plane DyBefore { get; }

    internal Plane PaddedDy { get; }

    internal InputPhase[] Phases { get; }

    // The window that begins the farthest before the first pixel, in strides.
    private static int Before(int reach, int before, int stride) => Math.Max(0, (reach - 1) / stride - before / stride);
}
