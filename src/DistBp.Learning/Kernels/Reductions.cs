using DistBp.Learning.Kernels.Reference;

namespace DistBp.Learning.Kernels;

/// <summary>
/// Sums and norms in a fixed order: lane l of sixteen (in double) adds the elements l, l + 16, l + 32 … in order from 0; then lanes
/// l and l + 8 are added, then l and l + 4, l + 2, l + 1. Any vector width gives the same bits.
/// </summary>
public static class Reductions
{
    /// <summary>Σ x.</summary>
    public static double Sum(ReadOnlySpan<float> x) => ReductionReference.Sum(x);

    /// <summary>Σ x²: each square is exact in double.</summary>
    public static double SquaredNorm(ReadOnlySpan<float> x) => ReductionReference.SquaredNorm(x);

    /// <summary>The largest element; NaN if any is NaN; −∞ of nothing.</summary>
    public static float Maximum(ReadOnlySpan<float> x) => ReductionReference.Maximum(x);

    /// <summary>True where no element is NaN or infinite.</summary>
    public static bool AllFinite(ReadOnlySpan<float> x) => ReductionReference.AllFinite(x);
}
