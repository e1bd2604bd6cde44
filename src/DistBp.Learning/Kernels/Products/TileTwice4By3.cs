using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The register tile for few registers: twice 4 rows by three vectors (12 accumulators, 3 of b, 1 of a: the 16 registers of AVX2);
/// see <see cref="ITile"/>.
/// </summary>
internal readonly unsafe struct TileTwice4By3<TVector, TSimd> : ITile
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    public static int Columns => 3 * TSimd.Width;

    public static void Accumulate(
        in TileRows a, nint first, float* b, nint bStep, nint k, float* start, nint startRow, in Ahead ahead, in TileEnd end)
    {
        float* c = end.C;
        nint cRow = end.Row;
        MergeStack merge = end.Merge;
        Half(a.Row0, a.Row1, a.Row2, a.Row3, first, a.Step, b, bStep, k, start, startRow, c, cRow, merge);
        if (start != null) start += 4 * startRow;
        merge.Top += 4 * Columns;
        Half(a.Row4, a.Row5, a.Row6, a.Row7, first, a.Step, b, bStep, k, start, startRow, c + 4 * cRow, cRow, merge);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Half(
        float* a0, float* a1, float* a2, float* a3, nint first, nint aStep, float* b, nint bStep, nint k, float* start, nint startRow,
        float* c, nint cRow, MergeStack merge)
    {
        int w = TSimd.Width;
        nint p = first * aStep;
        TVector c00 = default, c01 = default, c02 = default;
        TVector c10 = default, c11 = default, c12 = default;
        TVector c20 = default, c21 = default, c22 = default;
        TVector c30 = default, c31 = default, c32 = default;
        if (start != null)
        {
            c00 = TSimd.Load(start); c01 = TSimd.Load(start + w); c02 = TSimd.Load(start + 2 * w);
            start += startRow;
            c10 = TSimd.Load(start); c11 = TSimd.Load(start + w); c12 = TSimd.Load(start + 2 * w);
            start += startRow;
            c20 = TSimd.Load(start); c21 = TSimd.Load(start + w); c22 = TSimd.Load(start + 2 * w);
            start += startRow;
            c30 = TSimd.Load(start); c31 = TSimd.Load(start + w); c32 = TSimd.Load(start + 2 * w);
        }
        for (; k > 0; k--)
        {
            TVector b0 = TSimd.Load(b); TVector b1 = TSimd.Load(b + w); TVector b2 = TSimd.Load(b + 2 * w);
            TVector x = TSimd.Broadcast(a0[p]);
            c00 = TSimd.MultiplyAdd(x, b0, c00); c01 = TSimd.MultiplyAdd(x, b1, c01); c02 = TSimd.MultiplyAdd(x, b2, c02);
            x = TSimd.Broadcast(a1[p]);
            c10 = TSimd.MultiplyAdd(x, b0, c10); c11 = TSimd.MultiplyAdd(x, b1, c11); c12 = TSimd.MultiplyAdd(x, b2, c12);
            x = TSimd.Broadcast(a2[p]);
            c20 = TSimd.MultiplyAdd(x, b0, c20); c21 = TSimd.MultiplyAdd(x, b1, c21); c22 = TSimd.MultiplyAdd(x, b2, c22);
            x = TSimd.Broadcast(a3[p]);
            c30 = TSimd.MultiplyAdd(x, b0, c30); c31 = TSimd.MultiplyAdd(x, b1, c31); c32 = TSimd.MultiplyAdd(x, b2, c32);
            p += aStep;
            b += bStep;
        }
        for (; merge.Count > 0; merge.Count--)
        {
            float* left = merge.Top;
            nint rowLength = Columns;
            c00 = TSimd.Add(TSimd.Load(left), c00); c01 = TSimd.Add(TSimd.Load(left + w), c01); c02 = TSimd.Add(TSimd.Load(left + 2 * w), c02);
            left += rowLength;
            c10 = TSimd.Add(TSimd.Load(left), c10); c11 = TSimd.Add(TSimd.Load(left + w), c11); c12 = TSimd.Add(TSimd.Load(left + 2 * w), c12);
            left += rowLength;
            c20 = TSimd.Add(TSimd.Load(left), c20); c21 = TSimd.Add(TSimd.Load(left + w), c21); c22 = TSimd.Add(TSimd.Load(left + 2 * w), c22);
            left += rowLength;
            c30 = TSimd.Add(TSimd.Load(left), c30); c31 = TSimd.Add(TSimd.Load(left + w), c31); c32 = TSimd.Add(TSimd.Load(left + 2 * w), c32);
            merge.Top -= merge.Length;
        }
        TSimd.Store(c00, c); TSimd.Store(c01, c + w); TSimd.Store(c02, c + 2 * w);
        c += cRow;
        TSimd.Store(c10, c); TSimd.Store(c11, c + w); TSimd.Store(c12, c + 2 * w);
        c += cRow;
        TSimd.Store(c20, c); TSimd.Store(c21, c + w); TSimd.Store(c22, c + 2 * w);
        c += cRow;
        TSimd.Store(c30, c); TSimd.Store(c31, c + w); TSimd.Store(c32, c + 2 * w);
    }
}
