using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Poolings;

/// <summary>See <see cref="Pooling.Max"/>.</summary>
internal readonly unsafe struct MaxPoolKernel(WindowGeometry window, float* x, float* y, int planes) : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        bool pairs = PixelQuads<TVector, TSimd>.Fit(window);
        for (int plane = 0; plane < planes; plane++)
        {
            float* from = x + plane * (nint)window.Input.Area, to = y + plane * (nint)window.Output.Area;
            if (pairs) Quads<TVector, TSimd>(from, to);
            else Windows(from, to);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quads<TVector, TSimd>(float* from, float* to)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        Plane output = window.Output;
        int width = window.Input.Width;
        for (int i = 0; i < output.Height; i++, from += 2 * width, to += output.Width)
        {
            int j = 0;
            for (; j + TSimd.Width <= output.Width; j += TSimd.Width)
                TSimd.Store(new PixelQuads<TVector, TSimd>(from + 2 * j, width).Largest, to + j);
            for (; j < output.Width; j++) SimdScalar.Store(new PixelQuads<float, SimdScalar>(from + 2 * j, width).Largest, to + j);
        }
    }

    private void Windows(float* from, float* to)
    {
        Plane output = window.Output;
        for (int i = 0; i < output.Height; i++)
        {
            for (int j = 0; j < output.Width; j++) *to++ = from[new WindowPixels(window, i, j).Largest(from, window.Input.Width)];
        }
    }
}

/// <summary>See <see cref="Pooling.MaxBackward"/>.</summary>
internal readonly unsafe struct MaxPoolBackwardKernel(WindowGeometry window, float* x, float* dy, float* dx, int planes) : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        bool pairs = PixelQuads<TVector, TSimd>.Fit(window), covered = pairs && window.Output.Area * 4 == window.Input.Area;
        // Windows of 2 x 2 that cover the plane write each pixel themselves.
        if (!covered) new Span<float>(dx, planes * window.Input.Area).Clear();
        for (int plane = 0; plane < planes; plane++)
        {
            nint input = plane * (nint)window.Input.Area, output = plane * (nint)window.Output.Area;
            if (pairs) Quads<TVector, TSimd>(x + input, dy + output, dx + input);
            else Windows(x + input, dy + output, dx + input);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quads<TVector, TSimd>(float* from, float* gradient, float* to)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        Plane output = window.Output;
        int width = window.Input.Width;
        for (int i = 0; i < output.Height; i++, from += 2 * width, to += 2 * width, gradient += output.Width)
        {
            int j = 0;
            for (; j + TSimd.Width <= output.Width; j += TSimd.Width)
                new PixelQuads<TVector, TSimd>(from + 2 * j, width).Scatter(TSimd.Load(gradient + j), to + 2 * j, width);
            for (; j < output.Width; j++)
                new PixelQuads<float, SimdScalar>(from + 2 * j, width).Scatter(gradient[j], to + 2 * j, width);
        }
    }

    private void Windows(float* from, float* gradient, float* to)
    {
        Plane output = window.Output;
        for (int i = 0; i < output.Height; i++)
        {
            for (int j = 0; j < output.Width; j++)
                to[new WindowPixels(window, i, j).Largest(from, window.Input.Width)] += *gradient++;
        }
    }
}
