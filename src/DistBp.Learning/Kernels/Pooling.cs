using DistBp.Learning.Kernels.Poolings;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Windows over planes of pixels: x [planes, input], y [planes, output], planes the channels of all rows. Everything within a window goes
/// row by row, so bits depend on nothing else. Outputs are overwritten.
/// </summary>
public static unsafe class Pooling
{
    /// <summary>y: the largest pixel of each window, padding left out; a NaN where there is one.</summary>
    public static void Max(WindowGeometry window, ReadOnlySpan<float> x, Span<float> y, int planes)
    {
        Require(window, planes, x.Length, y.Length);
        fixed (float* px = x, py = y)
        {
            var kernel = new MaxPoolKernel(window, px, py, planes);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>
    /// dx: each window's dy at its largest pixel (the first of equals, the last NaN), added in the order of the windows; 0 elsewhere.
    /// </summary>
    public static void MaxBackward(WindowGeometry window, ReadOnlySpan<float> x, ReadOnlySpan<float> dy, Span<float> dx, int planes)
    {
        Require(window, planes, x.Length, dy.Length);
        Require(window, planes, dx.Length, dy.Length);
        fixed (float* px = x, pdy = dy, pdx = dx)
        {
            var kernel = new MaxPoolBackwardKernel(window, px, pdy, pdx, planes);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>y: the sum of each window's pixels, from 0 in order, divided by the window's size; padding counts as zeros.</summary>
    public static void Average(WindowGeometry window, ReadOnlySpan<float> x, Span<float> y, int planes)
    {
        Require(window, planes, x.Length, y.Length);
        fixed (float* px = x, py = y) AveragePool.Forward(window, px, py, planes);
    }

    /// <summary>dx: from 0, each window's dy / size added to all of its pixels, in the order of the windows.</summary>
    public static void AverageBackward(WindowGeometry window, ReadOnlySpan<float> dy, Span<float> dx, int planes)
    {
        Require(window, planes, dx.Length, dy.Length);
        fixed (float* pdy = dy, pdx = dx) AveragePool.Backward(window, pdy, pdx, planes);
    }

    private static void Require(WindowGeometry window, int planes, int inputs, int outputs)
    {
        if (planes < 0 || inputs < (long)planes * window.Input.Area || outputs < (long)planes * window.Output.Area)
            throw new ArgumentException($"{inputs} pixels and {outputs} windows were given for {planes} planes of {window.Input} and {window.Output}.");
    }
}
