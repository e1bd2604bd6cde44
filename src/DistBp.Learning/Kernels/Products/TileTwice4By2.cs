using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The register tile for few registers: twice 4 rows by two vectors (8 accumulators: as many as hide the latency);
/// see <see cref="ITile"/>. Four steps a round: the end of a short sum is foreseen by the processor.
/// </summary>
internal readonly unsafe struct TileTwice4By2<TVector, TSimd> : ITile
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    public static int Columns => 2 * TSimd.Width;

    public static bool Copies => true;

    public static void Accumulate(
        in TileRows a, nint first, in Panel b, nint k, float* start, nint startRow, in Ahead ahead, in TileEnd end)
    {
        nint p = first * a.Step;
        if (b.Copy == null)
        {
            Half<Reading>(a.Row0 + p, a.Row1 + p, a.Row2 + p, a.Row3 + p, a.Step, b, k, start, startRow, ahead.Half(k, 0), end);
        }
        else
        {
            Half<Copying>(a.Row0 + p, a.Row1 + p, a.Row2 + p, a.Row3 + p, a.Step, b, k, start, startRow, ahead.Half(k, 0), end);
        }
        if (start != null) start += 4 * startRow;
        Panel copied = b.Copy == null ? b : new Panel(b.Copy, Columns);
        Half<Reading>(
            a.Row4 + p, a.Row5 + p, a.Row6 + p, a.Row7 + p, a.Step, copied, k, start, startRow, ahead.Half(k, 1), end.Down(4, 4 * Columns));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Half<TCopy>(
        float* a0, float* a1, float* a2, float* a3, nint aStep, in Panel panel, nint k, float* start, nint startRow, in Ahead ahead,
        in TileEnd end)
        where TCopy : ICopy
    {
        int w = TSimd.Width;
        nint p = 0, bStep = panel.Step;
        float* b = panel.Data, copy = panel.Copy, next = ahead.Next;
        TVector c00 = default, c01 = default;
        TVector c10 = default, c11 = default;
        TVector c20 = default, c21 = default;
        TVector c30 = default, c31 = default;
        if (start != null)
        {
            c00 = TSimd.Load(start); c01 = TSimd.Load(start + w);
            start += startRow;
            c10 = TSimd.Load(start); c11 = TSimd.Load(start + w);
            start += startRow;
            c20 = TSimd.Load(start); c21 = TSimd.Load(start + w);
            start += startRow;
            c30 = TSimd.Load(start); c31 = TSimd.Load(start + w);
        }
        while (k > 0)
        {
            nint steps = Math.Min(k, ahead.Interval);
            k -= steps;
            Prefetching.ToSecond(next);
            next += ahead.Step;
            for (; steps >= 4; steps -= 4)
            {
                Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31);
                Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31);
                Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31);
                Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31);
            }
            for (; steps > 0; steps--)
            {
                Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c10, ref c11, ref c20, ref c21, ref c30, ref c31);
            }
        }
        MergeStack merge = end.Merge;
        for (; merge.Count > 0; merge.Count--)
        {
            float* left = merge.Top;
            c00 = TSimd.Add(TSimd.Load(left), c00); c01 = TSimd.Add(TSimd.Load(left + w), c01);
            left += Columns;
            c10 = TSimd.Add(TSimd.Load(left), c10); c11 = TSimd.Add(TSimd.Load(left + w), c11);
            left += Columns;
            c20 = TSimd.Add(TSimd.Load(left), c20); c21 = TSimd.Add(TSimd.Load(left + w), c21);
            left += Columns;
            c30 = TSimd.Add(TSimd.Load(left), c30); c31 = TSimd.Add(TSimd.Load(left + w), c31);
            merge.Top -= merge.Length;
        }
        float* c = end.C;
        nint cRow = end.Row;
        TSimd.Store(c00, c); TSimd.Store(c01, c + w);
        c += cRow;
        TSimd.Store(c10, c); TSimd.Store(c11, c + w);
        c += cRow;
        TSimd.Store(c20, c); TSimd.Store(c21, c + w);
        c += cRow;
        TSimd.Store(c30, c); TSimd.Store(c31, c + w);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TCopy>(
        float* a0, float* a1, float* a2, float* a3, ref nint p, nint aStep, ref float* b, nint bStep, ref float* copy,
        ref TVector c00, ref TVector c01,
        ref TVector c10, ref TVector c11,
        ref TVector c20, ref TVector c21,
        ref TVector c30, ref TVector c31)
        where TCopy : ICopy
    {
        int w = TSimd.Width;
        TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + w);
        if (TCopy.Copies)
        {
            TSimd.Store(b0, copy); TSimd.Store(b1, copy + w);
            copy += Columns;
        }
        TVector x = TSimd.Broadcast(a0[p]);
        c00 = TSimd.MultiplyAdd(x, b0, c00); c01 = TSimd.MultiplyAdd(x, b1, c01);
        x = TSimd.Broadcast(a1[p]);
        c10 = TSimd.MultiplyAdd(x, b0, c10); c11 = TSimd.MultiplyAdd(x, b1, c11);
        x = TSimd.Broadcast(a2[p]);
        c20 = TSimd.MultiplyAdd(x, b0, c20); c21 = TSimd.MultiplyAdd(x, b1, c21);
        x = TSimd.Broadcast(a3[p]);
        c30 = TSimd.MultiplyAdd(x, b0, c30); c31 = TSimd.MultiplyAdd(x, b1, c31);
        p += aStep;
        b += bStep;
    }
}
