using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The register tile of 8 rows by one vector;
/// see <see cref="ITile"/>. Written out by hand, since only local variables live in registers.
/// </summary>
internal readonly unsafe struct Tile8By1<TVector, TSimd> : ITile, ISliceTile
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    public static int Columns => TSimd.Width;

    public static bool Copies => false;

    public static void Accumulate(
        in TileRows a, in Panel b, in SliceSums slices, float* start, nint startRow, in Ahead ahead, float* c, nint cRow)
        => SliceBySlice<Tile8By1<TVector, TSimd>>.Accumulate(a, b, slices, start, startRow, ahead, c, cRow);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AccumulateSlice(
        in TileRows a, nint first, float* b, nint bStep, nint k, float* start, nint startRow, in Ahead ahead, in TileEnd end)
    {
        int w = TSimd.Width;
        float* a0 = a.Row0, a1 = a.Row1, a2 = a.Row2, a3 = a.Row3, a4 = a.Row4, a5 = a.Row5, a6 = a.Row6, a7 = a.Row7;
        float* next = ahead.Next;
        nint aStep = a.Step, p = first * aStep;
        TVector c00 = default;
        TVector c10 = default;
        TVector c20 = default;
        TVector c30 = default;
        TVector c40 = default;
        TVector c50 = default;
        TVector c60 = default;
        TVector c70 = default;
        if (start != null)
        {
            c00 = TSimd.Load(start);
            start += startRow;
            c10 = TSimd.Load(start);
            start += startRow;
            c20 = TSimd.Load(start);
            start += startRow;
            c30 = TSimd.Load(start);
            start += startRow;
            c40 = TSimd.Load(start);
            start += startRow;
            c50 = TSimd.Load(start);
            start += startRow;
            c60 = TSimd.Load(start);
            start += startRow;
            c70 = TSimd.Load(start);
        }
        while (k > 0)
        {
            nint steps = Math.Min(k, ahead.Interval);
            k -= steps;
            Prefetching.ToSecond(next);
            next += ahead.Step;
            for (; steps > 0; steps--)
            {
                TVector b0 = TSimd.Load(b);
                TVector x = TSimd.Broadcast(a0[p]);
                c00 = TSimd.MultiplyAdd(x, b0, c00);
                x = TSimd.Broadcast(a1[p]);
                c10 = TSimd.MultiplyAdd(x, b0, c10);
                x = TSimd.Broadcast(a2[p]);
                c20 = TSimd.MultiplyAdd(x, b0, c20);
                x = TSimd.Broadcast(a3[p]);
                c30 = TSimd.MultiplyAdd(x, b0, c30);
                x = TSimd.Broadcast(a4[p]);
                c40 = TSimd.MultiplyAdd(x, b0, c40);
                x = TSimd.Broadcast(a5[p]);
                c50 = TSimd.MultiplyAdd(x, b0, c50);
                x = TSimd.Broadcast(a6[p]);
                c60 = TSimd.MultiplyAdd(x, b0, c60);
                x = TSimd.Broadcast(a7[p]);
                c70 = TSimd.MultiplyAdd(x, b0, c70);
                p += aStep;
                b += bStep;
            }
        }
        MergeStack merge = end.Merge;
        for (; merge.Count > 0; merge.Count--)
        {
            float* left = merge.Top;
            nint rowLength = Columns;
            c00 = TSimd.Add(TSimd.Load(left), c00);
            left += rowLength;
            c10 = TSimd.Add(TSimd.Load(left), c10);
            left += rowLength;
            c20 = TSimd.Add(TSimd.Load(left), c20);
            left += rowLength;
            c30 = TSimd.Add(TSimd.Load(left), c30);
            left += rowLength;
            c40 = TSimd.Add(TSimd.Load(left), c40);
            left += rowLength;
            c50 = TSimd.Add(TSimd.Load(left), c50);
            left += rowLength;
            c60 = TSimd.Add(TSimd.Load(left), c60);
            left += rowLength;
            c70 = TSimd.Add(TSimd.Load(left), c70);
            merge.Top -= merge.Length;
        }
        float* c = end.C;
        nint cRow = end.Row;
        TSimd.Store(c00, c);
        c += cRow;
        TSimd.Store(c10, c);
        c += cRow;
        TSimd.Store(c20, c);
        c += cRow;
        TSimd.Store(c30, c);
        c += cRow;
        TSimd.Store(c40, c);
        c += cRow;
        TSimd.Store(c50, c);
        c += cRow;
        TSimd.Store(c60, c);
        c += cRow;
        TSimd.Store(c70, c);
    }
}
