using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>Elementwise nonlinearities and their derivatives.</summary>
public static unsafe class Activations
{
    /// <summary>LeakyRelu's slope below 0 (PyTorch's default).</summary>
    public const float LeakySlope = 0.01f;

    /// <summary>y = f(x), elementwise; y may be x.</summary>
    public static void Apply(Activation activation, ReadOnlySpan<float> x, Span<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(y.Length, x.Length);
        fixed (float* px = x, py = y)
        {
            var kernel = new ActivationKernel(activation, px, py, x.Length);
            Widest.Run(ref kernel);
        }
    }

    /// <summary>
    /// dx = dy · f'(x), elementwise; dx may be dy. The derivative is taken from y = f(x), for gelu from x: the other span may be empty.
    /// </summary>
    public static void Backward(
        Activation activation, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(dx.Length, dy.Length);
        if (activation == Activation.Gelu) ArgumentOutOfRangeException.ThrowIfLessThan(x.Length, dy.Length);
        else if (activation != Activation.Identity) ArgumentOutOfRangeException.ThrowIfLessThan(y.Length, dy.Length);
        fixed (float* px = x, py = y, pdy = dy, pdx = dx)
        {
            bool fromX = activation == Activation.Gelu;
            var kernel = new ActivationBackwardKernel(activation, fromX ? px : pdy, fromX ? pdy : py, pdy, pdx, dy.Length);
            Widest.Run(ref kernel);
        }
    }
}
