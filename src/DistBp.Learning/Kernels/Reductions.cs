using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Sums and norms in a fixed order: lane l of sixteen (in double) adds the elements l, l + 16, l + 32 … in order from 0; then lanes
/// l and l + 8 are added, then l and l + 4, l + 2, l + 1. Any vector width gives the same bits.
/// </summary>
public static class Reductions
{
    private const int Lanes = 16;

    /// <summary>Σ x.</summary>
    public static double Sum(ReadOnlySpan<float> x)
    {
        int whole = x.Length / Lanes * Lanes;
        DoubleLanes lanes = SumRun(x[..whole]);
        if (whole < x.Length) lanes.Add(DoubleLanes.Tail(x[whole..], 0));
        return lanes.Total();
    }

    /// <summary>Σ x²: each square is exact in double.</summary>
    public static double SquaredNorm(ReadOnlySpan<float> x)
    {
        int whole = x.Length / Lanes * Lanes;
        DoubleLanes lanes = SquareRun(x[..whole]);
        if (whole < x.Length) lanes.AddSquares(DoubleLanes.Tail(x[whole..], 0));
        return lanes.Total();
    }

    /// <summary>The largest element; NaN if any is NaN; −∞ of nothing.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float Maximum(ReadOnlySpan<float> x)
    {
        ref float start = ref MemoryMarshal.GetReference(x);
        var maximum = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        for (; i + Lanes <= x.Length; i += Lanes) maximum = Vector512.Max(maximum, Vector512.LoadUnsafe(ref start, (nuint)i));
        if (i < x.Length) maximum = Vector512.Max(maximum, DoubleLanes.Tail(x[i..], float.NegativeInfinity));
        float largest = maximum[0];
        for (int lane = 1; lane < Lanes; lane++) largest = MathF.Max(largest, maximum[lane]);
        return largest;
    }

    /// <summary>True where no element is NaN or infinite.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static bool AllFinite(ReadOnlySpan<float> x)
    {
        // x · 0 is 0 or −0, but NaN where x is not finite; and a NaN once added stays.
        ref float start = ref MemoryMarshal.GetReference(x);
        Vector512<float> sum = default;
        int i = 0;
        for (; i + Lanes <= x.Length; i += Lanes) sum += Vector512.LoadUnsafe(ref start, (nuint)i) * Vector512<float>.Zero;
        if (i < x.Length) sum += DoubleLanes.Tail(x[i..], 0) * Vector512<float>.Zero;
        return Vector512.EqualsAll(sum, Vector512<float>.Zero);
    }

    // Loops apart from what is done with the rest: no vector survives a call, so beside one the lanes would be kept in memory.

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleLanes SumRun(ReadOnlySpan<float> x)
    {
        ref float start = ref MemoryMarshal.GetReference(x);
        var lanes = default(DoubleLanes);
        for (nuint i = 0; i < (nuint)x.Length; i += Lanes) lanes.Add(Vector512.LoadUnsafe(ref start, i));
        return lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleLanes SquareRun(ReadOnlySpan<float> x)
    {
        ref float start = ref MemoryMarshal.GetReference(x);
        var lanes = default(DoubleLanes);
        for (nuint i = 0; i < (nuint)x.Length; i += Lanes) lanes.AddSquares(Vector512.LoadUnsafe(ref start, i));
        return lanes;
    }
}
