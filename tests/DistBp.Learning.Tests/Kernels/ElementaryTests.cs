using DistBp.Learning.Kernels;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Tests.Kernels;

public sealed class ElementaryTests
{
    /// <summary>Bit patterns spread over all floats, denormals included, plus dense runs where functions bend.</summary>
    private static IEnumerable<float> Everywhere()
    {
        for (long bits = int.MinValue; bits <= int.MaxValue; bits += 24571)
        {
            float x = BitConverter.Int32BitsToSingle((int)bits);
            if (float.IsFinite(x)) yield return x;
        }
        for (int i = -120_000; i <= 120_000; i++) yield return i * 0.001f;
        for (int i = -20_000; i <= 20_000; i++) yield return i * 0.0001f;
    }

    [Fact]
    public void Exp_is_within_2_units_of_double() => Near(Elementary<float, SimdScalar>.Exp, x => Math.Exp(x), 2);

    [Fact]
    public void Log_is_within_2_units_of_double() => Near(Elementary<float, SimdScalar>.Log, x => Math.Log(x), 2);

    [Fact]
    public void Tanh_is_within_2_units_of_double() => Near(Elementary<float, SimdScalar>.Tanh, x => Math.Tanh(x), 2);

    [Fact]
    public void The_logistic_function_is_within_2_and_a_half_units_of_double()
        => Near(Elementary<float, SimdScalar>.Logistic, x => x < 0 ? Math.Exp(x) / (1 + Math.Exp(x)) : 1 / (1 + Math.Exp(-x)), 2.5);

    [Fact]
    public void The_function_of_gates_is_the_logistic_one_down_to_where_it_stays()
        => Near(Elementary<float, SimdScalar>.Gate, x => 1 / (1 + Math.Exp(Math.Min(87, -x))), 2.5);

    [Fact]
    public void The_normal_distribution_is_within_5_units_of_double()
        => Near(x => Elementary<float, SimdScalar>.Normal(x, out _), x => Normal(x), 5);

    /// <summary>Below −12.5 Φ(x) is denormal, and its rounding is multiplied by x: there the value is under 1e-35.</summary>
    [Fact]
    public void Gelu_is_within_6_units_of_double_down_to_where_it_vanishes()
    {
        Near(x => x < -12.5f ? 0 : One(Activation.Gelu, x), x => x < -12.5 ? 0 : x * Normal(x), 6);
        for (float x = -12.5f; x > -40; x -= 0.01f) Assert.InRange(One(Activation.Gelu, x) - x * Normal(x), -2e-41, 2e-41);
    }

    [Fact]
    public void Special_values_come_out_as_in_the_limit()
    {
        Assert.Equal(float.PositiveInfinity, Elementary<float, SimdScalar>.Exp(float.PositiveInfinity));
        Assert.Equal(0, Elementary<float, SimdScalar>.Exp(float.NegativeInfinity));
        Assert.Equal(float.NegativeInfinity, Elementary<float, SimdScalar>.Log(0));
        Assert.Equal(float.PositiveInfinity, Elementary<float, SimdScalar>.Log(float.PositiveInfinity));
        Assert.True(float.IsNaN(Elementary<float, SimdScalar>.Log(-1)));
        Assert.Equal(1, One(Activation.Tanh, float.PositiveInfinity));
        Assert.Equal(-1, One(Activation.Tanh, float.NegativeInfinity));
        Assert.Equal(0, One(Activation.Sigmoid, float.NegativeInfinity));
        Assert.Equal(1, One(Activation.Sigmoid, float.PositiveInfinity));
        Assert.Equal(0, One(Activation.Gelu, float.NegativeInfinity));
        Assert.Equal(float.PositiveInfinity, One(Activation.Gelu, float.PositiveInfinity));
        foreach (Activation activation in Enum.GetValues<Activation>()) Assert.True(float.IsNaN(One(activation, float.NaN)), $"{activation}");
    }

    private static float One(Activation activation, float x)
    {
        float[] y = new float[1];
        Activations.Apply(activation, (float[])[x], y);
        return y[0];
    }

    private static void Near(Func<float, float> function, Func<double, double> reference, double units)
    {
        double worst = 0, where = 0;
        foreach (float x in Everywhere())
        {
            double expected = reference(x);
            float actual = function(x);
            if (double.IsNaN(expected) && float.IsNaN(actual)) continue;
            float rounded = (float)expected;
            double error = rounded == actual ? 0 : Math.Abs(actual - expected) / UnitAt(rounded);
            if (error > worst || double.IsNaN(error)) (worst, where) = (error, x);
        }
        Assert.True(worst <= units, $"{worst:F2} units in the last place at {where:R}");
    }

    private static double UnitAt(float value)
        => float.IsInfinity(value) ? Math.Pow(2, 104) : Math.Max(Math.Pow(2, -149), Math.Pow(2, Math.Floor(Math.Log2(Math.Max(1e-300, Math.Abs((double)value)))) - 23));

    // Φ by its series where terms have one sign, by the continued fraction of its tail beyond (Abramowitz, Stegun, 26.2.14).
    private static double Normal(double x)
    {
        double density = Math.Exp(-0.5 * x * x) / Math.Sqrt(2 * Math.PI), t = Math.Abs(x);
        if (t > 40) return x > 0 ? 1 : 0;
        double tail;
        if (t > 3)
        {
            double fraction = 0;
            for (int n = 200; n > 0; n--) fraction = n / (t + fraction);
            tail = density / (t + fraction);
        }
        else
        {
            double term = t, sum = t;
            for (int n = 3; term > 1e-18 * sum; n += 2) sum += term *= t * t / n;
            tail = 0.5 - sum * density;
        }
        return x < 0 ? tail : 1 - tail;
    }
}
