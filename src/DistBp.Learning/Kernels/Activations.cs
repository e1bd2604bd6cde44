using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Kernels;

/// <summary>Elementwise nonlinearities and their derivatives.</summary>
public static class Activations
{
    /// <summary>LeakyRelu's slope below 0 (PyTorch's default).</summary>
    public const float LeakySlope = 0.01f;

    /// <summary>y = f(x), elementwise; y may be x.</summary>
    public static void Apply(Activation activation, ReadOnlySpan<float> x, Span<float> y) => ActivationReference.Apply(activation, x, y);

    /// <summary>
    /// dx = dy · f'(x), elementwise; dx may be dy. The derivative is taken from y = f(x), for gelu from x: the other span may be empty.
    /// </summary>
    public static void Backward(
        Activation activation, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
        => ActivationReference.Backward(activation, x, y, dy, dx);
}
