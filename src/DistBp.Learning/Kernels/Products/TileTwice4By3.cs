using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The register tile for few registers: twice 4 rows by three vectors (12 accumulators, 3 of b, 1 of a: the 16 registers of AVX2);
/// see <see cref="ITile"/>. Four steps a round: the end of a short sum is foreseen by the processor.
/// </summary>
internal readonly unsafe struct TileTwice4By3<TVector, TSimd> : ITile
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    public static int Columns => 3 * TSimd.Width;

    public static bool Copies => true;

    public static void Accumulate(
        in TileRows a, in Panel b, in SliceSums slices, float* start, nint startRow, in Ahead ahead, float* c, nint cRow)
    {
        Ahead upper = ahead.Half(slices.Steps, 0), lower = ahead.Half(slices.Steps, 1);
        if (b.Copy == null) Half<Reading>(a.Row0, a.Row1, a.Row2, a.Row3, a.Step, b, slices, start, startRow, upper, c, cRow);
        else Half<Copying>(a.Row0, a.Row1, a.Row2, a.Row3, a.Step, b, slices, start, startRow, upper, c, cRow);
        if (start != null) start += 4 * startRow;
        Panel copied = b.Copy == null ? b : new Panel(b.Copy, Columns);
        Half<Reading>(a.Row4, a.Row5, a.Row6, a.Row7, a.Step, copied, slices, start, startRow, lower, c + 4 * cRow, cRow);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Half<TCopy>(
        float* a0, float* a1, float* a2, float* a3, nint aStep, in Panel panel, in SliceSums slices, float* start, nint startRow,
        in Ahead ahead, float* c, nint cRow)
        where TCopy : ICopy
    {
        int w = TSimd.Width, length = 4 * Columns;
        nint p = 0, bStep = panel.Step, interval = ahead.Interval;
        float* b = panel.Data, copy = panel.Copy, next = ahead.Next;
        for (int s = 0; s < slices.Count; s++)
        {
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
            for (nint k = slices.Length(s); k > 0;)
            {
                nint steps = Math.Min(k, interval);
                k -= steps;
                Prefetching.ToSecond(next);
                next += ahead.Step;
                for (; steps >= 4; steps -= 4)
                {
                    Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c02, ref c10, ref c11, ref c12, ref c20, ref c21, ref c22, ref c30, ref c31, ref c32);
                    Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c02, ref c10, ref c11, ref c12, ref c20, ref c21, ref c22, ref c30, ref c31, ref c32);
                    Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c02, ref c10, ref c11, ref c12, ref c20, ref c21, ref c22, ref c30, ref c31, ref c32);
                    Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c02, ref c10, ref c11, ref c12, ref c20, ref c21, ref c22, ref c30, ref c31, ref c32);
                }
                for (; steps > 0; steps--)
                {
                    Step<TCopy>(a0, a1, a2, a3, ref p, aStep, ref b, bStep, ref copy, ref c00, ref c01, ref c02, ref c10, ref c11, ref c12, ref c20, ref c21, ref c22, ref c30, ref c31, ref c32);
                }
            }
            int waiting = SliceSums.Waiting(s);
            for (int merges = slices.Merges(s); merges > 0; merges--)
            {
                float* left = slices.Stack + --waiting * length;
                c00 = TSimd.Add(TSimd.Load(left), c00); c01 = TSimd.Add(TSimd.Load(left + w), c01); c02 = TSimd.Add(TSimd.Load(left + 2 * w), c02);
                left += Columns;
                c10 = TSimd.Add(TSimd.Load(left), c10); c11 = TSimd.Add(TSimd.Load(left + w), c11); c12 = TSimd.Add(TSimd.Load(left + 2 * w), c12);
                left += Columns;
                c20 = TSimd.Add(TSimd.Load(left), c20); c21 = TSimd.Add(TSimd.Load(left + w), c21); c22 = TSimd.Add(TSimd.Load(left + 2 * w), c22);
                left += Columns;
                c30 = TSimd.Add(TSimd.Load(left), c30); c31 = TSimd.Add(TSimd.Load(left + w), c31); c32 = TSimd.Add(TSimd.Load(left + 2 * w), c32);
            }
            bool last = s == slices.Count - 1;
            float* to = last ? c : slices.Stack + waiting * length;
            nint toRow = last ? cRow : Columns;
            TSimd.Store(c00, to); TSimd.Store(c01, to + w); TSimd.Store(c02, to + 2 * w);
            to += toRow;
            TSimd.Store(c10, to); TSimd.Store(c11, to + w); TSimd.Store(c12, to + 2 * w);
            to += toRow;
            TSimd.Store(c20, to); TSimd.Store(c21, to + w); TSimd.Store(c22, to + 2 * w);
            to += toRow;
            TSimd.Store(c30, to); TSimd.Store(c31, to + w); TSimd.Store(c32, to + 2 * w);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Step<TCopy>(
        float* a0, float* a1, float* a2, float* a3, ref nint p, nint aStep, ref float* b, nint bStep, ref float* copy,
        ref TVector c00, ref TVector c01, ref TVector c02,
        ref TVector c10, ref TVector c11, ref TVector c12,
        ref TVector c20, ref TVector c21, ref TVector c22,
        ref TVector c30, ref TVector c31, ref TVector c32)
        where TCopy : ICopy
    {
        int w = TSimd.Width;
        TVector b0 = TSimd.Load(b), b1 = TSimd.Load(b + w), b2 = TSimd.Load(b + 2 * w);
        if (TCopy.Copies)
        {
            TSimd.Store(b0, copy); TSimd.Store(b1, copy + w); TSimd.Store(b2, copy + 2 * w);
            copy += Columns;
        }
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
}
