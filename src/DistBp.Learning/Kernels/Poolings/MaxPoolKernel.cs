using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
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
            if (!pairs) Windows(from, to);
            else if (window.Output.Width >= TSimd.Width) Quads<TVector, TSimd>(from, to);
            else if (window.Output.Width >= Simd128.Width) Quads<Vector128<float>, Simd128>(from, to);
            else Quads<float, SimdScalar>(from, to);
        }
    }

    /// <summary>The last vector of a row ends with it, and so does some windows again.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quads<TVector, TSimd>(float* from, float* to)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        Plane output = window.Output;
        int width = window.Input.Width, last = output.Width - TSimd.Width;
        for (int i = 0; i < output.Height; i++, from += 2 * width, to += output.Width)
        {
            for (int j = 0; j < last; j += TSimd.Width) TSimd.Store(new PixelQuads<TVector, TSimd>(from + 2 * j, width).Largest, to + j);
            TSimd.Store(new PixelQuads<TVector, TSimd>(from + 2 * last, width).Largest, to + last);
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
            if (!pairs) Windows(x + input, dy + output, dx + input);
            else if (window.Output.Width >= TSimd.Width) Quads<TVector, TSimd>(x + input, dy + output, dx + input);
            else if (window.Output.Width >= Simd128.Width) Quads<Vector128<float>, Simd128>(x + input, dy + output, dx + input);
            else Quads<float, SimdScalar>(x + input, dy + output, dx + input);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Quads<TVector, TSimd>(float* from, float* gradient, float* to)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        Plane output = window.Output;
        int width = window.Input.Width, last = output.Width - TSimd.Width;
        for (int i = 0; i < output.Height; i++, from += 2 * width, to += 2 * width, gradient += output.Width)
        {
            for (int j = 0; j < last; j += TSimd.Width)
                new PixelQuads<TVector, TSimd>(from + 2 * j, width).Scatter(TSimd.Load(gradient + j), to + 2 * j, width);
            new PixelQuads<TVector, TSimd>(from + 2 * last, width).Scatter(TSimd.Load(gradient + last), to + 2 * last, width);
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
