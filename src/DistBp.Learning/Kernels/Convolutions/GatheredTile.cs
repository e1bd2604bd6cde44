using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>Where the six rows of a tile begin.</summary>
internal readonly unsafe struct GatheredRows
{
    /// <summary>Of a tile.</summary>
    public const int Count = 6;

    public readonly float* Row0, Row1, Row2, Row3, Row4, Row5;

    /// <summary>Rows past the last are the last again: computed and thrown away.</summary>
    /// <param name="left">Rows that there are.</param>
    public GatheredRows(float* a, int* offsets, int left)
    {
        int last = left - 1;
        Row0 = a + offsets[0];
        Row1 = a + offsets[Math.Min(1, last)];
        Row2 = a + offsets[Math.Min(2, last)];
        Row3 = a + offsets[Math.Min(3, last)];
        Row4 = a + offsets[Math.Min(4, last)];
        Row5 = a + offsets[Math.Min(5, last)];
    }
}

/// <summary>
/// The register tiles of convolution: c [6, columns] = start + Σ over p &lt; k of a(·, p) · b[p, ·], in the order of p, fused, where a(i, p) lies
/// at Row_i + steps[p]. Six rows by two vectors are 12 accumulators, 2 of b and 1 of a: they fit the 16 registers of AVX2 and are enough to
/// hide the latency of AVX-512. Written out by hand, since only local variables live in registers.
/// </summary>
internal static unsafe class GatheredTile<TVector, TSimd>
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    /// <param name="b">[k, two vectors].</param>
    /// <param name="start">Rows startRow floats apart; may be c.</param>
    /// <param name="c">[6, two vectors].</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate2(in GatheredRows a, int* steps, nint k, float* b, float* start, nint startRow, float* c)
    {
        int w = TSimd.Width;
        float* a0 = a.Row0, a1 = a.Row1, a2 = a.Row2, a3 = a.Row3, a4 = a.Row4, a5 = a.Row5;
        TVector c00 = TSimd.Load(start), c01 = TSimd.Load(start + w);
        start += startRow;
        TVector c10 = TSimd.Load(start), c11 = TSimd.Load(start + w);
        start += startRow;
        TVector c20 = TSimd.Load(start), c21 = TSimd.Load(start + w);
        start += startRow;
        TVector c30 = TSimd.Load(start), c31 = TSimd.Load(start + w);
        start += startRow;
        TVector c40 = TSimd.Load(start), c41 = TSimd.Load(start + w);
        start += startRow;
        TVector c50 = TSimd.Load(start), c51 = TSimd.Load(start + w);
        for (; k > 0; k--)
        {
            nint p = *steps;
            steps++;
            TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + w);
            b += 2 * w;
            TVector x = TSimd.Broadcast(a0[p]);
            c00 = TSimd.MultiplyAdd(x, b0, c00); c01 = TSimd.MultiplyAdd(x, b1, c01);
            x = TSimd.Broadcast(a1[p]);
            c10 = TSimd.MultiplyAdd(x, b0, c10); c11 = TSimd.MultiplyAdd(x, b1, c11);
            x = TSimd.Broadcast(a2[p]);
            c20 = TSimd.MultiplyAdd(x, b0, c20); c21 = TSimd.MultiplyAdd(x, b1, c21);
            x = TSimd.Broadcast(a3[p]);
            c30 = TSimd.MultiplyAdd(x, b0, c30); c31 = TSimd.MultiplyAdd(x, b1, c31);
            x = TSimd.Broadcast(a4[p]);
            c40 = TSimd.MultiplyAdd(x, b0, c40); c41 = TSimd.MultiplyAdd(x, b1, c41);
            x = TSimd.Broadcast(a5[p]);
            c50 = TSimd.MultiplyAdd(x, b0, c50); c51 = TSimd.MultiplyAdd(x, b1, c51);
        }
        TSimd.Store(c00, c); TSimd.Store(c01, c + w);
        TSimd.Store(c10, c + 2 * w); TSimd.Store(c11, c + 3 * w);
        TSimd.Store(c20, c + 4 * w); TSimd.Store(c21, c + 5 * w);
        TSimd.Store(c30, c + 6 * w); TSimd.Store(c31, c + 7 * w);
        TSimd.Store(c40, c + 8 * w); TSimd.Store(c41, c + 9 * w);
        TSimd.Store(c50, c + 10 * w); TSimd.Store(c51, c + 11 * w);
    }

    /// <summary>As <see cref="Accumulate2"/>, one vector wide.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate1(in GatheredRows a, int* steps, nint k, float* b, float* start, nint startRow, float* c)
    {
        int w = TSimd.Width;
        float* a0 = a.Row0, a1 = a.Row1, a2 = a.Row2, a3 = a.Row3, a4 = a.Row4, a5 = a.Row5;
        TVector c0 = TSimd.Load(start), c1 = TSimd.Load(start + startRow), c2 = TSimd.Load(start + 2 * startRow);
        TVector c3 = TSimd.Load(start + 3 * startRow), c4 = TSimd.Load(start + 4 * startRow), c5 = TSimd.Load(start + 5 * startRow);
        for (; k > 0; k--)
        {
            nint p = *steps;
            steps++;
            TVector b0 = TSimd.Load(b);
            b += w;
            c0 = TSimd.MultiplyAdd(TSimd.Broadcast(a0[p]), b0, c0);
            c1 = TSimd.MultiplyAdd(TSimd.Broadcast(a1[p]), b0, c1);
            c2 = TSimd.MultiplyAdd(TSimd.Broadcast(a2[p]), b0, c2);
            c3 = TSimd.MultiplyAdd(TSimd.Broadcast(a3[p]), b0, c3);
            c4 = TSimd.MultiplyAdd(TSimd.Broadcast(a4[p]), b0, c4);
            c5 = TSimd.MultiplyAdd(TSimd.Broadcast(a5[p]), b0, c5);
        }
        TSimd.Store(c0, c); TSimd.Store(c1, c + w); TSimd.Store(c2, c + 2 * w);
        TSimd.Store(c3, c + 3 * w); TSimd.Store(c4, c + 4 * w); TSimd.Store(c5, c + 5 * w);
    }
}
