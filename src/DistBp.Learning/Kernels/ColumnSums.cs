using System.Numerics;
using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels;

/// <summary>Sums over the rows of a matrix: the gradient of a bias.</summary>
public static unsafe class ColumnSums
{
    /// <summary>
    /// db [n]: the sum along the <see cref="ReductionTree"/> of the slices' column sums of dy [rows, n], each in row order from 0.
    /// </summary>
    /// <param name="rowStarts">Slices + 1 values; an empty slice contributes zeros.</param>
    public static void Sum(ReadOnlySpan<float> dy, ReadOnlySpan<int> rowStarts, Span<float> db, int n, MatrixWorkspace workspace)
    {
        int rows = rowStarts.IsEmpty ? 0 : rowStarts[^1];
        if (dy.Length < (long)rows * n || db.Length < n)
            throw new ArgumentException($"{dy.Length} elements were given where [{rows}, {n}] is needed, {db.Length} for [{n}].");
        if (rows == 0) db[..n].Clear();
        if (rows == 0) return;
        fixed (float* pdy = dy, pdb = db)
        fixed (int* starts = rowStarts)
        {
            var kernel = new ColumnSumKernel(pdy, starts, rowStarts.Length - 1, pdb, n);
            Widest.Run(ref kernel);
        }
    }
}

/// <summary>See <see cref="ColumnSums"/>: a few vectors of columns at a time go down the rows, in registers.</summary>
internal readonly unsafe struct ColumnSumKernel(float* dy, int* starts, int slices, float* db, int n) : IVectorized
{
    /// <summary>Left siblings that can wait at once, in a tree of at most 2³¹ slices.</summary>
    private const int MaxDepth = 32;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* stack = stackalloc float[MaxDepth * 4 * TSimd.Width];
        int j = 0;
        for (; j + 4 * TSimd.Width <= n; j += 4 * TSimd.Width) Columns<TVector, TSimd>(j, stack);
        for (; j + 4 <= n; j += 4) Columns<float, SimdScalar>(j, stack);
        for (; j < n; j++) Column(j, stack);
    }

    /// <summary>The tree as a binary counter: see TileRun.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Columns<TVector, TSimd>(int j, float* stack)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int w = TSimd.Width;
        for (int s = 0; s < slices; s++)
        {
            TVector s0 = TSimd.Broadcast(0), s1 = s0, s2 = s0, s3 = s0;
            float* row = dy + starts[s] * (nint)n + j;
            for (int r = starts[s]; r < starts[s + 1]; r++, row += n)
            {
                s0 = TSimd.Add(s0, TSimd.Load(row));
                s1 = TSimd.Add(s1, TSimd.Load(row + w));
                s2 = TSimd.Add(s2, TSimd.Load(row + 2 * w));
                s3 = TSimd.Add(s3, TSimd.Load(row + 3 * w));
            }
            int waiting = BitOperations.PopCount((uint)s), merges = s == slices - 1 ? waiting : BitOperations.TrailingZeroCount(s + 1);
            float* top = stack + waiting * 4 * w;
            for (; merges > 0; merges--)
            {
                top -= 4 * w;
                s0 = TSimd.Add(TSimd.Load(top), s0);
                s1 = TSimd.Add(TSimd.Load(top + w), s1);
                s2 = TSimd.Add(TSimd.Load(top + 2 * w), s2);
                s3 = TSimd.Add(TSimd.Load(top + 3 * w), s3);
            }
            if (s == slices - 1) top = db + j;
            TSimd.Store(s0, top);
            TSimd.Store(s1, top + w);
            TSimd.Store(s2, top + 2 * w);
            TSimd.Store(s3, top + 3 * w);
        }
    }

    private void Column(int j, float* stack)
    {
        for (int s = 0; s < slices; s++)
        {
            float sum = 0;
            for (int r = starts[s]; r < starts[s + 1]; r++) sum += dy[r * (nint)n + j];
            int waiting = BitOperations.PopCount((uint)s), merges = s == slices - 1 ? waiting : BitOperations.TrailingZeroCount(s + 1);
            for (; merges > 0; merges--) sum = stack[--waiting] + sum;
            stack[waiting] = sum;
        }
        db[j] = stack[0];
    }
}
