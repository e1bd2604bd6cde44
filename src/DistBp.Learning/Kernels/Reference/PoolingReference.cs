namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="Pooling"/> computes, element by element: its oracle, in its order.</summary>
internal static class PoolingReference
{
    /// <summary>y: the largest pixel of each window.</summary>
    public static void Max(WindowGeometry window, ReadOnlySpan<float> x, Span<float> y, int planes)
    {
        for (int at = 0; at < planes * window.Output.Area; at++) y[at] = x[Largest(window, x, at)];
    }

    /// <summary>dx: dy at the largest pixel of each window, added in the order of the windows.</summary>
    public static void MaxBackward(WindowGeometry window, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, int planes)
    {
        dx[..(planes * window.Input.Area)].Clear();
        for (int at = 0; at < planes * window.Output.Area; at++) dx[Largest(window, x, at)] += dy[at];
    }

    /// <summary>y: Σ of the window's pixels in order from 0, divided by its size.</summary>
    public static void Average(WindowGeometry window, ReadOnlySpan<float> x, Span<float> y, int planes)
    {
        for (int at = 0; at < planes * window.Output.Area; at++)
        {
            float sum = 0;
            for (int pixel = 0; pixel < window.Size.Area; pixel++)
            {
                if (Place(window, at, pixel) is { } place) sum += x[place];
            }
            y[at] = sum / window.Size.Area;
        }
    }

    /// <summary>dx: dy / size at each pixel of each window, added in the order of the windows.</summary>
    public static void AverageBackward(WindowGeometry window, ReadOnlySpan<float> dy, Span<float> dx, int planes)
    {
        dx[..(planes * window.Input.Area)].Clear();
        for (int at = 0; at < planes * window.Output.Area; at++)
        {
            for (int pixel = 0; pixel < window.Size.Area; pixel++)
            {
                if (Place(window, at, pixel) is { } place) dx[place] += dy[at] / window.Size.Area;
            }
        }
    }

    // The first of equals, the last NaN.
    private static int Largest(WindowGeometry window, ReadOnlySpan<float> x, int at)
    {
        int? best = null;
        for (int pixel = 0; pixel < window.Size.Area; pixel++)
        {
            if (Place(window, at, pixel) is { } place && (best is null || x[place] > x[best.Value] || float.IsNaN(x[place]))) best = place;
        }
        return best!.Value;
    }

    /// <summary>Of a window's pixel in x; null: padding.</summary>
    private static int? Place(WindowGeometry window, int at, int pixel)
    {
        Plane output = window.Output, input = window.Input;
        int plane = at / output.Area, i = at / output.Width % output.Height, j = at % output.Width;
        int row = i * window.Stride.Height - window.Before.Height + pixel / window.Size.Width;
        int column = j * window.Stride.Width - window.Before.Width + pixel % window.Size.Width;
        bool isPadding = row < 0 || row >= input.Height || column < 0 || column >= input.Width;
        return isPadding ? null : (plane * input.Height + row) * input.Width + column;
    }
}
