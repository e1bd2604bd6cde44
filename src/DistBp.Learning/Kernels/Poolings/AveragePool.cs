namespace DistBp.Learning.Kernels.Poolings;

/// <summary>See <see cref="Pooling.Average"/> and <see cref="Pooling.AverageBackward"/>.</summary>
internal static unsafe class AveragePool
{
    public static void Forward(WindowGeometry window, float* x, float* y, int planes)
    {
        Plane output = window.Output;
        int width = window.Input.Width, size = window.Size.Area;
        for (int plane = 0; plane < planes; plane++, x += window.Input.Area)
        {
            for (int i = 0; i < output.Height; i++)
            {
                for (int j = 0; j < output.Width; j++)
                {
                    var pixels = new WindowPixels(window, i, j);
                    float sum = 0;
                    for (int row = pixels.Top; row < pixels.Bottom; row++)
                    {
                        for (int column = pixels.Left; column < pixels.Right; column++) sum += x[row * width + column];
                    }
                    *y++ = sum / size;
                }
            }
        }
    }

    public static void Backward(WindowGeometry window, float* dy, float* dx, int planes)
    {
        Plane output = window.Output;
        int width = window.Input.Width, size = window.Size.Area;
        new Span<float>(dx, planes * window.Input.Area).Clear();
        for (int plane = 0; plane < planes; plane++, dx += window.Input.Area)
        {
            for (int i = 0; i < output.Height; i++)
            {
                for (int j = 0; j < output.Width; j++)
                {
                    var pixels = new WindowPixels(window, i, j);
                    float share = *dy++ / size;
                    for (int row = pixels.Top; row < pixels.Bottom; row++)
                    {
                        for (int column = pixels.Left; column < pixels.Right; column++) dx[row * width + column] += share;
                    }
                }
            }
        }
    }
}
