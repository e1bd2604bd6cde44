using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The register tile of 8 rows by three vectors (24 accumulators: the registers of AVX-512 and NEON);
/// see <see cref="ITile"/>. Written out by hand, since only local variables live in registers.
/// </summary>
internal readonly unsafe struct Tile8By3<TVector, TSimd> : ITile, ISliceTile
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    public static int Columns => 3 * TSimd.Width;

    public static bool Copies => false;

    public static void Accumulate(
        in TileRows a, in Panel b, in SliceSums slices, float* start, nint startRow, in Ahead ahead, float* c, nint cRow)
    {
        if (slices.Count > 1) SlicePairTile<TVector, TSimd>.Accumulate(a, b, slices, c, cRow);
        else SliceBySlice<Tile8By3<TVector, TSimd>>.Accumulate(a, b, slices, start, startRow, ahead, c, cRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AccumulateSlice(
        in TileRows a, nint first, float* b, nint bStep, nint k, float* start, nint startRow, in Ahead ahead, in TileEnd end)
    {
        int w = TSimd.Width;
        float* a0 = a.Row0, a1 = a.Row1, a2 = a.Row2, a3 = a.Row3, a4 = a.Row4, a5 = a.Row5, a6 = a.Row6, a7 = a.Row7;
        float* next = ahead.Next;
        nint aStep = a.Step, p = first * aStep;
        TVector c00 = default, c01 = default, c02 = default;
        TVector c10 = default, c11 = default, c12 = default;
        TVector c20 = default, c21 = default, c22 = default;
        TVector c30 = default, c31 = default, c32 = default;
        TVector c40 = default, c41 = default, c42 = default;
        TVector c50 = default, c51 = default, c52 = default;
        TVector c60 = default, c61 = default, c62 = default;
        TVector c70 = default, c71 = default, c72 = default;
        if (start != null)
        {
            c00 = TSimd.Load(start); c01 = TSimd.Load(start + w); c02 = TSimd.Load(start + 2 * w);
            start += startRow;
            c10 = TSimd.Load(start); c11 = TSimd.Load(start + w); c12 = TSimd.Load(start + 2 * w);
            start += startRow;
            c20 = TSimd.Load(start); c21 = TSimd.Load(start + w); c22 = TSimd.Load(start + 2 * w);
            start += startRow;
            c30 = TSimd.Load(start); c31 = TSimd.Load(start + w); c32 = TSimd.Load(start + 2 * w);
            start += startRow;
            c40 = TSimd.Load(start); c41 = TSimd.Load(start + w); c42 = TSimd.Load(start + 2 * w);
            start += startRow;
            c50 = TSimd.Load(start); c51 = TSimd.Load(start + w); c52 = TSimd.Load(start + 2 * w);
            start += startRow;
            c60 = TSimd.Load(start); c61 = TSimd.Load(start + w); c62 = TSimd.Load(start + 2 * w);
            start += startRow;
            c70 = TSimd.Load(start); c71 = TSimd.Load(start + w); c72 = TSimd.Load(start + 2 * w);
        }
        while (k > 0)
        {
            nint steps = Math.Min(k, ahead.Interval);
            k -= steps;
            Prefetching.ToSecond(next);
            next += ahead.Step;
            for (; steps > 0; steps--)
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
                x = TSimd.Broadcast(a4[p]);
                c40 = TSimd.MultiplyAdd(x, b0, c40); c41 = TSimd.MultiplyAdd(x, b1, c41); c42 = TSimd.MultiplyAdd(x, b2, c42);
                x = TSimd.Broadcast(a5[p]);
                c50 = TSimd.MultiplyAdd(x, b0, c50); c51 = TSimd.MultiplyAdd(x, b1, c51); c52 = TSimd.MultiplyAdd(x, b2, c52);
                x = TSimd.Broadcast(a6[p]);
                c60 = TSimd.MultiplyAdd(x, b0, c60); c61 = TSimd.MultiplyAdd(x, b1, c61); c62 = TSimd.MultiplyAdd(x, b2, c62);
                x = TSimd.Broadcast(a7[p]);
                c70 = TSimd.MultiplyAdd(x, b0, c70); c71 = TSimd.MultiplyAdd(x, b1, c71); c72 = TSimd.MultiplyAdd(x, b2, c72);
                p += aStep;
                b += bStep;
            }
        }
        MergeStack merge = end.Merge;
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
            left += rowLength;
            c40 = TSimd.Add(TSimd.Load(left), c40); c41 = TSimd.Add(TSimd.Load(left + w), c41); c42 = TSimd.Add(TSimd.Load(left + 2 * w), c42);
            left += rowLength;
            c50 = TSimd.Add(TSimd.Load(left), c50); c51 = TSimd.Add(TSimd.Load(left + w), c51); c52 = TSimd.Add(TSimd.Load(left + 2 * w), c52);
            left += rowLength;
            c60 = TSimd.Add(TSimd.Load(left), c60); c61 = TSimd.Add(TSimd.Load(left + w), c61); c62 = TSimd.Add(TSimd.Load(left + 2 * w), c62);
            left += rowLength;
            c70 = TSimd.Add(TSimd.Load(left), c70); c71 = TSimd.Add(TSimd.Load(left + w), c71); c72 = TSimd.Add(TSimd.Load(left + 2 * w), c72);
            merge.Top -= merge.Length;
        }
        float* c = end.C;
        nint cRow = end.Row;
        TSimd.Store(c00, c); TSimd.Store(c01, c + w); TSimd.Store(c02, c + 2 * w);
        c += cRow;
        TSimd.Store(c10, c); TSimd.Store(c11, c + w); TSimd.Store(c12, c + 2 * w);
        c += cRow;
        TSimd.Store(c20, c); TSimd.Store(c21, c + w); TSimd.Store(c22, c + 2 * w);
        c += cRow;
        TSimd.Store(c30, c); TSimd.Store(c31, c + w); TSimd.Store(c32, c + 2 * w);
        c += cRow;
        TSimd.Store(c40, c); TSimd.Store(c41, c + w); TSimd.Store(c42, c + 2 * w);
        c += cRow;
        TSimd.Store(c50, c); TSimd.Store(c51, c + w); TSimd.Store(c52, c + 2 * w);
        c += cRow;
        TSimd.Store(c60, c); TSimd.Store(c61, c + w); TSimd.Store(c62, c + 2 * w);
        c += cRow;
        TSimd.Store(c70, c); TSimd.Store(c71, c + w); TSimd.Store(c72, c + 2 * w);
    }
}
