using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace DistBp.Learning.Kernels.Simd;

/// <summary>
/// Sixteen running sums in double, added up in one fixed tree. Vector512 runs as two or four narrower vectors where the processor has no
/// such registers; every operation is exact or correctly rounded, so the bits are the same.
/// </summary>
internal struct DoubleLanes
{
    private Vector512<double> _lower, _upper;

    /// <summary>Lane l += x[l].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Add(Vector512<float> x)
    {
        (Vector512<double> lower, Vector512<double> upper) = Vector512.Widen(x);
        _lower += lower;
        _upper += upper;
    }

    /// <summary>Lane l += x[l]²; the square is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddSquares(Vector512<float> x)
    {
        (Vector512<double> lower, Vector512<double> upper) = Vector512.Widen(x);
        _lower += lower * lower;
        _upper += upper * upper;
    }

    /// <summary>Lane l += x[l] · y[l]; the product is exact.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void AddProducts(Vector512<float> x, Vector512<float> y)
    {
        (Vector512<double> xLower, Vector512<double> xUpper) = Vector512.Widen(x);
        (Vector512<double> yLower, Vector512<double> yUpper) = Vector512.Widen(y);
        _lower += xLower * yLower;
        _upper += xUpper * yUpper;
    }

    /// <summary>The first lanes, as many as there is room for.</summary>
    public readonly void CopyTo(Span<double> destination)
    {
        for (int lane = 0; lane < destination.Length; lane++) destination[lane] = lane < 8 ? _lower[lane] : _upper[lane - 8];
    }

    /// <summary>Lanes l and l + 8, then l and l + 4, l + 2, l + 1.</summary>
    public readonly double Total()
    {
        Vector512<double> eight = _lower + _upper;
        Vector256<double> four = eight.GetLower() + eight.GetUpper();
        Vector128<double> two = four.GetLower() + four.GetUpper();
        return two[0] + two[1];
    }

    /// <summary>Up to 15 elements, the missing ones <paramref name="missing"/>.</summary>
    public static Vector512<float> Tail(ReadOnlySpan<float> x, float missing)
    {
        Span<float> padded = stackalloc float[Vector512<float>.Count];
        padded.Fill(missing);
        x.CopyTo(padded);
        return Vector512.Create<float>(padded);
    }
}
