using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>How large the elements of a run of numbers are, for statistics of gradients and activations.</summary>
/// <param name="SquaredSum">Σ x², in the order of <see cref="Reductions.SquaredNorm"/>.</param>
/// <param name="Maximum">max |x|; 0 of nothing, NaN if any is NaN.</param>
/// <param name="Zeros">How many are 0 (or −0).</param>
public readonly record struct Magnitudes(double SquaredSum, float Maximum, long Zeros)
{
    private const int Lanes = 16;

    /// <summary>Of x; one pass.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static Magnitudes Of(ReadOnlySpan<float> x)
    {
        ref float start = ref MemoryMarshal.GetReference(x);
        var squares = default(DoubleLanes);
        Vector512<float> maximum = default;
        Vector512<int> zeros = default;
        int i = 0;
        for (; i + Lanes <= x.Length; i += Lanes) Add(Vector512.LoadUnsafe(ref start, (nuint)i), ref squares, ref maximum, ref zeros);
        // What is missing of the tail is neither zero nor large nor anything in the sum: it is added apart.
        long tailZeros = 0;
        float largest = 0;
        if (i < x.Length)
        {
            squares.AddSquares(DoubleLanes.Tail(x[i..], 0));
            foreach (float value in x[i..])
            {
                if (value == 0) tailZeros++;
                largest = MathF.Max(largest, MathF.Abs(value));
            }
        }
        for (int lane = 0; lane < Lanes; lane++) largest = MathF.Max(largest, maximum[lane]);
        return new Magnitudes(squares.Total(), largest, tailZeros - Vector512.Sum(zeros));
    }

    /// <summary>Σ (x − y)²: how far a run of parameters has moved.</summary>
    public static double SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(y.Length, x.Length);
        int whole = x.Length / Lanes * Lanes;
        DoubleLanes lanes = DistanceRun(x[..whole], y);
        if (whole < x.Length) lanes.AddSquares(DoubleLanes.Tail(x[whole..], 0) - DoubleLanes.Tail(y[whole..], 0));
        return lanes.Total();
    }

    // Apart from what is done with the rest: beside a call the lanes would be kept in memory.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static DoubleLanes DistanceRun(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        ref float left = ref MemoryMarshal.GetReference(x), right = ref MemoryMarshal.GetReference(y);
        var lanes = default(DoubleLanes);
        for (nuint i = 0; i < (nuint)x.Length; i += Lanes) lanes.AddSquares(Vector512.LoadUnsafe(ref left, i) - Vector512.LoadUnsafe(ref right, i));
        return lanes;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add(Vector512<float> x, ref DoubleLanes squares, ref Vector512<float> maximum, ref Vector512<int> zeros)
    {
        squares.AddSquares(x);
        maximum = Vector512.Max(maximum, Vector512.Abs(x));
        // A lane of all ones is −1.
        zeros += Vector512.Equals(x, Vector512<float>.Zero).AsInt32();
    }
}
