namespace DistBp.Learning.Kernels.Poolings;

/// <summary>The pixels of one window that are not padding: rows [Top, Bottom) and columns [Left, Right). No dilation.</summary>
internal readonly struct WindowPixels
{
    public readonly int Top, Bottom, Left, Right;

    /// <param name="i">The window's row.</param>
    /// <param name="j">The window's column.</param>
    public WindowPixels(WindowGeometry window, int i, int j)
    {
        int top = i * window.Stride.Height - window.Before.Height, left = j * window.Stride.Width - window.Before.Width;
        (Top, Bottom) = (Math.Max(0, top), Math.Min(window.Input.Height, top + window.Size.Height));
        (Left, Right) = (Math.Max(0, left), Math.Min(window.Input.Width, left + window.Size.Width));
    }

    /// <summary>The largest pixel's place in its plane: the first of equals, the last NaN.</summary>
    public unsafe int Largest(float* plane, int width)
    {
        int best = Top * width + Left;
        for (int row = Top; row < Bottom; row++)
        {
            for (int at = row * width + Left; at < row * width + Right; at++)
            {
                if (plane[at] > plane[best] || float.IsNaN(plane[at])) best = at;
            }
        }
        return best;
    }
}
