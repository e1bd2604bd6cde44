using System.Runtime.CompilerServices;

namespace DistBp.Learning.Kernels.Simd;

/// <summary>
/// exp, log, tanh, the logistic function and the normal distribution: one polynomial each for every vector width, so that all give the
/// same bits. Coefficients are minimax fits (relative error, Lawson's iteration), rounded to float. NaN gives NaN; overflow gives ∞,
/// underflow is gradual. Errors against double arithmetic are within
/// 2 units in the last place (logistic 2.5, normal distribution 5): see ElementaryTests.
/// </summary>
internal static class Elementary<TVector, TSimd>
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    private const float Log2E = 1.442695f;
    private const float Ln2High = 0.693145751953125f; // 16 bits: n · Ln2High is exact
    private const float Ln2Low = 1.4286068e-06f;

    // Adding 1.5 · 2²³ rounds to an integer, which then stands in the low bits.
    private const float Rounder = 12582912f;
    private const int RounderBits = 0x4B400000;

    /// <summary>e^x = 2ⁿ · e^r, r = x − n · ln 2 in ±(ln 2)/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Exp(TVector x)
    {
        x = Limit(x, -105f, 89f);
        TVector shifted = TSimd.MultiplyAdd(x, B(Log2E), B(Rounder));
        TVector n = TSimd.Subtract(shifted, B(Rounder));
        TVector r = TSimd.MultiplyAdd(n, B(-Ln2Low), TSimd.MultiplyAdd(n, B(-Ln2High), x));
        TVector p = Mantissa(r);
        // In two factors, for 2ⁿ itself may be above or below what a float holds.
        TVector whole = TSimd.AddBits(shifted, Bits(-RounderBits));
        TVector lower = TSimd.ShiftRightBits(whole, 1), upper = TSimd.ShiftRightBits(TSimd.AddBits(whole, Bits(1)), 1);
        return TSimd.Multiply(TSimd.Multiply(p, PowerOfTwo(upper)), PowerOfTwo(lower));
    }

    /// <summary>ln x = e · ln 2 + ln(1 + f), x = 2ᵉ · (1 + f), 1 + f in [√½, √2).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Log(TVector x)
    {
        const int rootHalfBits = 0x3F3504F3;
        TVector tiny = TSimd.GreaterThan(B(1.17549435e-38f), x);
        TVector bits = TSimd.AddBits(TSimd.Select(tiny, TSimd.Multiply(x, B(8388608f)), x), Bits(-rootHalfBits));
        TVector e = TSimd.Add(TSimd.BitsToNumber(TSimd.ShiftRightBits(bits, 23)), TSimd.Select(tiny, B(-23f), B(0f)));
        TVector f = TSimd.Subtract(TSimd.AddBits(TSimd.And(bits, Bits(0x007FFFFF)), Bits(rootHalfBits)), B(1f));
        TVector p = TSimd.MultiplyAdd(f, B(-0.07859546f), B(0.12881622f));
        p = TSimd.MultiplyAdd(f, p, B(-0.13128768f));
        p = TSimd.MultiplyAdd(f, p, B(0.14181197f));
        p = TSimd.MultiplyAdd(f, p, B(-0.16624554f));
        p = TSimd.MultiplyAdd(f, p, B(0.20002286f));
        p = TSimd.MultiplyAdd(f, p, B(-0.2500081f));
        p = TSimd.MultiplyAdd(f, p, B(0.33333316f));
        TVector square = TSimd.Multiply(f, f);
        TVector y = TSimd.MultiplyAdd(TSimd.Multiply(square, f), p, TSimd.Multiply(e, B(Ln2Low)));
        y = TSimd.MultiplyAdd(square, B(-0.5f), y);
        y = TSimd.MultiplyAdd(e, B(Ln2High), TSimd.Add(f, y));
        y = TSimd.Select(TSimd.GreaterThan(x, B(float.MaxValue)), x, y);
        TVector notPositive = TSimd.Select(TSimd.GreaterThan(B(0f), x), B(float.NaN), TSimd.Divide(B(-1f), TSimd.Multiply(x, x)));
        return TSimd.Select(TSimd.GreaterThan(x, B(0f)), y, notPositive);
    }

    /// <summary>x + x³ · P(x²) below 0.625, otherwise (1 − e) / (1 + e) with the sign of x, e = e^(−2|x|).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Tanh(TVector x)
    {
        TVector size = Absolute(x), square = TSimd.Multiply(x, x);
        TVector p = TSimd.MultiplyAdd(square, B(-0.005717037f), B(0.020650579f));
        p = TSimd.MultiplyAdd(square, p, B(-0.053743497f));
        p = TSimd.MultiplyAdd(square, p, B(0.13331491f));
        p = TSimd.MultiplyAdd(square, p, B(-0.33333284f));
        p = TSimd.MultiplyAdd(TSimd.Multiply(square, x), p, x);
        TVector e = ExpOfNegative(TSimd.Multiply(size, B(-2f)));
        TVector large = TSimd.Divide(TSimd.Subtract(B(1f), e), TSimd.Add(e, B(1f)));
        large = TSimd.Or(large, TSimd.And(x, Bits(int.MinValue)));
        return TSimd.Select(TSimd.GreaterThan(size, B(0.625f)), large, p);
    }

    /// <summary>1 / (1 + e^−x), for negative x as e^x / (1 + e^x): neither overflows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Logistic(TVector x)
    {
        TVector e = Exp(TSimd.Or(x, Bits(int.MinValue)));
        return TSimd.Divide(TSimd.Select(TSimd.GreaterThan(B(0f), x), e, B(1f)), TSimd.Add(e, B(1f)));
    }

    /// <summary>The logistic function for gates: below −87 it stays at e^−87, nearly the smallest normal number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Gate(TVector x)
    {
        TVector e = ExpOfNegative(TSimd.Or(x, Bits(int.MinValue)));
        return TSimd.Divide(TSimd.Select(TSimd.GreaterThan(B(0f), x), e, B(1f)), TSimd.Add(e, B(1f)));
    }

    /// <summary>
    /// Φ(x), the standard normal distribution function, and its density φ(x). With t = |x|: Φ(−t) = e^(−t²/2) · H(u) / (t + 3),
    /// u = (t − 3) / (t + 3); t² is taken in two parts, since the exponential magnifies its rounding.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVector Normal(TVector x, out TVector density)
    {
        TVector t = Limit(Absolute(x), 0f, 15f), square = TSimd.Multiply(t, t);
        TVector rest = TSimd.MultiplyAdd(t, t, TSimd.Subtract(B(0f), square));
        TVector e = Exp(TSimd.Multiply(square, B(-0.5f)));
        e = TSimd.MultiplyAdd(e, TSimd.Multiply(rest, B(-0.5f)), e);
        TVector factor = TSimd.Divide(B(1f), TSimd.Add(t, B(3f)));
        TVector u = TSimd.Multiply(TSimd.Subtract(t, B(3f)), factor);
        TVector h = TSimd.MultiplyAdd(u, B(3 * 1.8151613e-05f), B(3 * 4.375108e-05f));
        h = TSimd.MultiplyAdd(u, h, B(3 * -8.1585014e-05f));
        h = TSimd.MultiplyAdd(u, h, B(3 * -0.0003441746f));
        h = TSimd.MultiplyAdd(u, h, B(3 * 0.0003415948f));
        h = TSimd.MultiplyAdd(u, h, B(3 * 0.0023231008f));
        h = TSimd.MultiplyAdd(u, h, B(3 * -0.0034875069f));
        h = TSimd.MultiplyAdd(u, h, B(3 * -0.015754228f));
        h = TSimd.MultiplyAdd(u, h, B(3 * 0.07667257f));
        h = TSimd.MultiplyAdd(u, h, B(3 * -0.16977733f));
        h = TSimd.MultiplyAdd(u, h, B(3 * 0.2430279f));
        TVector tail = TSimd.Multiply(TSimd.Multiply(h, factor), e);
        density = TSimd.Multiply(e, B(0.3989423f));
        return TSimd.Select(TSimd.GreaterThan(B(0f), x), tail, TSimd.Subtract(B(1f), tail));
    }

    /// <summary>e^max(x, −87) for x ≤ 0: as <see cref="Exp"/>, but no power of two overflows or is denormal.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector ExpOfNegative(TVector x)
    {
        x = TSimd.Select(TSimd.GreaterThan(B(-87f), x), B(-87f), x);
        TVector shifted = TSimd.MultiplyAdd(x, B(Log2E), B(Rounder));
        TVector n = TSimd.Subtract(shifted, B(Rounder));
        TVector r = TSimd.MultiplyAdd(n, B(-Ln2Low), TSimd.MultiplyAdd(n, B(-Ln2High), x));
        TVector p = Mantissa(r);
        return TSimd.Multiply(p, PowerOfTwo(TSimd.AddBits(shifted, Bits(-RounderBits))));
    }

    /// <summary>e^r for r in ±(ln 2)/2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Mantissa(TVector r)
    {
        TVector q = TSimd.MultiplyAdd(r, B(0.0013814596f), B(0.0083687175f));
        q = TSimd.MultiplyAdd(r, q, B(0.04166839f));
        q = TSimd.MultiplyAdd(r, q, B(0.16666521f));
        q = TSimd.MultiplyAdd(r, q, B(0.49999994f));
        return TSimd.Add(TSimd.MultiplyAdd(TSimd.Multiply(r, r), q, r), B(1f));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector B(float value) => TSimd.Broadcast(value);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Bits(int bits) => TSimd.Broadcast(BitConverter.Int32BitsToSingle(bits));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Absolute(TVector x) => TSimd.And(x, Bits(int.MaxValue));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector PowerOfTwo(TVector exponentBits) => TSimd.ShiftLeftBits(TSimd.AddBits(exponentBits, Bits(127)), 23);

    // NaN stays NaN.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVector Limit(TVector x, float low, float high)
    {
        x = TSimd.Select(TSimd.GreaterThan(x, B(high)), B(high), x);
        return TSimd.Select(TSimd.GreaterThan(B(low), x), B(low), x);
    }
}
