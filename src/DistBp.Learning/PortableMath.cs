namespace DistBp.Learning;

/// <summary>
/// Functions in double whose bits are the same on every machine: made of the exactly rounded operations alone (+ − × ÷), because the
/// platform's own exp, log, cos and pow differ in their last bit from one C library to another. Within about 2 ulp.
/// </summary>
internal static class PortableMath
{
    private const double LogOf2High = 6.93147180369123816490e-01;
    private const double LogOf2Low = 1.90821492927058770002e-10;

    /// <summary>Natural logarithm of a positive, finite, normal x.</summary>
    public static double Log(double x)
    {
        long bits = BitConverter.DoubleToInt64Bits(x);
        int exponent = (int)(bits >> 52) - 1023;
        double mantissa = BitConverter.Int64BitsToDouble((bits & 0xFFFFFFFFFFFFF) | (1023L << 52));
        if (mantissa > 1.4142135623730951)
        {
            mantissa *= 0.5;
            exponent++;
        }
        // log m = 2 · artanh s = 2 · (s + s³/3 + s⁵/5 + …), |s| < 0.172.
        double s = (mantissa - 1) / (mantissa + 1), square = s * s, sum = 0;
        for (int n = 25; n >= 3; n -= 2) sum = (sum + 1.0 / n) * square;
        return exponent * LogOf2High + (exponent * LogOf2Low + 2 * (s + s * sum));
    }

    /// <summary>eˣ; 0 below −708, ∞ above 709.</summary>
    public static double Exp(double x)
    {
        if (double.IsNaN(x)) return x;
        if (x < -708) return 0;
        if (x > 709) return double.PositiveInfinity;
        double k = Math.Floor(x * 1.4426950408889634 + 0.5), r = x - k * LogOf2High - k * LogOf2Low;
        double sum = 1;
        for (int n = 14; n >= 1; n--) sum = 1 + sum * r / n;
        return sum * BitConverter.Int64BitsToDouble(((long)k + 1023) << 52);
    }

    /// <summary>cos(π · x) for x in [0, 1].</summary>
    public static double CosPi(double x)
    {
        if (x > 0.5) return -CosPi(1 - x);
        double angle = Math.PI * (x <= 0.25 ? x : 0.5 - x), square = angle * angle, sum = 1;
        // Taylor: cosine to the 20th power, or sine of the complement to the 21st.
        int first = x <= 0.25 ? 19 : 20;
        for (int n = first; n >= 1; n -= 2) sum = 1 - sum * square / (n * (n + 1));
        return x <= 0.25 ? sum : angle * sum;
    }

    /// <summary>value^exponent by squaring, exponent ≥ 0.</summary>
    public static double Power(double value, long exponent)
    {
        double power = 1;
        for (; exponent > 0; exponent >>= 1)
        {
            if ((exponent & 1) != 0) power *= value;
            value *= value;
        }
        return power;
    }
}
