using System.Diagnostics;

namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="Activations"/> computes, element by element.</summary>
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
        Activation.Sigmoid => (float)(1 / (1 + Math.Exp(-(double)x))),
        Activation.Tanh => (float)Math.Tanh(x),
        Activation.Gelu => (float)(x * Normal(x)),
        _ => throw new UnreachableException(),
    };

    private static float Gradient(Activation activation, float x, float y, float dy) => activation switch
    {
        Activation.Identity => dy,
        Activation.Relu => y <= 0 ? 0 : dy,
        Activation.LeakyRelu => y > 0 ? dy : Activations.LeakySlope * dy,
        Activation.Sigmoid => dy * ((1 - y) * y),
        Activation.Tanh => dy * MathF.FusedMultiplyAdd(-y, y, 1),
        Activation.Gelu => (float)(dy * (Normal(x) + x * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI))),
        _ => throw new UnreachableException(),
    };

    // Φ(x) = 1/2 + φ(x) · (x + x³/3 + x⁵/(3·5) + …), all terms of one sign (Marsaglia, 2004).
    private static double Normal(double x)
    {
        if (double.IsNaN(x)) return x;
        if (Math.Abs(x) > 14) return x > 0 ? 1 : 0;
        double term = x, sum = x;
        for (int n = 3; Math.Abs(term) > 1e-18 * Math.Abs(sum) && n < 2000; n += 2) sum += term *= x * x / n;
        return Math.Max(0, 0.5 + sum * Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI));
    }
}
