using System.Diagnostics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Reference;

/// <summary>
/// What <see cref="Activations"/> computes, element by element. The transcendental functions are compared with double arithmetic apart.
/// </summary>
internal static class ActivationReference
{
    public static void Apply(Activation activation, ReadOnlySpan<float> x, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = Value(activation, x[i]);
    }

    public static void Backward(Activation activation, ReadOnlySpan<float> x, ReadOnlySpan<float> y, ReadOnlySpan<float> dy, Span<float> dx)
    {
        for (int i = 0; i < dy.Length; i++)
            dx[i] = Gradient(activation, x.Length > 0 ? x[i] : 0, y.Length > 0 ? y[i] : 0, dy[i]);
    }

    private static float Value(Activation activation, float x) => activation switch
    {
        Activation.Identity => x,
        Activation.Relu => x <= 0 ? 0 : x,
        Activation.LeakyRelu => x > 0 ? x : Activations.LeakySlope * x,
        Activation.Sigmoid => Elementary<float, SimdScalar>.Logistic(x),
        Activation.Tanh => Elementary<float, SimdScalar>.Tanh(x),
        Activation.Gelu => Math.Max(x, -15) * Elementary<float, SimdScalar>.Normal(x, out _),
        _ => throw new UnreachableException(),
    };

    private static float Gradient(Activation activation, float x, float y, float dy) => activation switch
    {
        Activation.Identity => dy,
        Activation.Relu => y <= 0 ? 0 : dy,
        Activation.LeakyRelu => y > 0 ? dy : Activations.LeakySlope * dy,
        Activation.Sigmoid => dy * ((1 - y) * y),
        Activation.Tanh => dy * MathF.FusedMultiplyAdd(-y, y, 1),
        Activation.Gelu => dy * MathF.FusedMultiplyAdd(Math.Clamp(x, -15, 15), Density(x, out float normal), normal),
        _ => throw new UnreachableException(),
    };

    private static float Density(float x, out float normal)
    {
        normal = Elementary<float, SimdScalar>.Normal(x, out float density);
        return density;
    }
}
