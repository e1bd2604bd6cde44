using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The tile of <see cref="Tile8By3{TVector, TSimd}"/> for sums along a tree of slices: 4 rows by three vectors of two neighbouring slices at
/// once (24 accumulators), so that their first addition is one of registers. Storing a whole tile after each slice costs as much as some
/// three steps of it, and that is halved. Slices 2q and 2q + 1 are siblings in every <see cref="ReductionTree"/>; only the last may have none.
/// </summary>
internal static unsafe class SlicePairTile<TVector, TSimd>
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    private const int HalfRows = ITile.Rows / 2;

    private static int Columns => 3 * TSimd.Width;

    /// <summary>As <see cref="ITile.Accumulate"/>, of two slices or more.</summary>
    public static void Accumulate(in TileRows a, in Panel b, in SliceSums slices, float* c, nint cRow)
    {
        int length = ITile.Rows * Columns, half = HalfRows * Columns;
        SliceSums pairs = slices.Pairs;
        for (int q = 0; q < pairs.Count; q++)
        {
            int waiting = SliceSums.Waiting(q), merges = pairs.Merges(q);
            bool last = q == pairs.Count - 1;
            var steps = new PairSteps(slices, 2 * q);
            var merge = new MergeStack { Count = merges, Top = slices.Stack + (waiting - 1) * length, Length = length };
            float* to = last ? c : slices.Stack + (waiting - merges) * length;
            nint toRow = last ? cRow : Columns;
            AccumulatePair(a.Row0, a.Row1, a.Row2, a.Row3, a.Step, b, steps, new TileEnd(to, toRow, merge));
            merge.Top += half;
            AccumulatePair(a.Row4, a.Row5, a.Row6, a.Row7, a.Step, b, steps, new TileEnd(to + HalfRows * toRow, toRow, merge));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AccumulatePair(
        float* a0, float* a1, float* a2, float* a3, nint aStep, in Panel panel, in PairSteps pair, in TileEnd end)
    {
        int w = TSimd.Width;
        nint bStep = panel.Step, p = pair.Left * aStep, q = pair.Right * aStep;
        float* b = panel.Data + pair.Left * bStep, d = panel.Data + pair.Right * bStep;
        TVector l00 = default, l01 = default, l02 = default;
        TVector l10 = default, l11 = default, l12 = default;
        TVector l20 = default, l21 = default, l22 = default;
        TVector l30 = default, l31 = default, l32 = default;
        TVector r00 = default, r01 = default, r02 = default;
        TVector r10 = default, r11 = default, r12 = default;
        TVector r20 = default, r21 = default, r22 = default;
        TVector r30 = default, r31 = default, r32 = default;
        for (nint k = pair.Together; k > 0; k--)
        {
            TVector b0 = TSimd.Load(b); TVector b1 = TSimd.Load(b + w); TVector b2 = TSimd.Load(b + 2 * w);
            TVector x = TSimd.Broadcast(a0[p]);
            l00 = TSimd.MultiplyAdd(x, b0, l00); l01 = TSimd.MultiplyAdd(x, b1, l01); l02 = TSimd.MultiplyAdd(x, b2, l02);
            x = TSimd.Broadcast(a1[p]);
            l10 = TSimd.MultiplyAdd(x, b0, l10); l11 = TSimd.MultiplyAdd(x, b1, l11); l12 = TSimd.MultiplyAdd(x, b2, l12);
            x = TSimd.Broadcast(a2[p]);
            l20 = TSimd.MultiplyAdd(x, b0, l20); l21 = TSimd.MultiplyAdd(x, b1, l21); l22 = TSimd.MultiplyAdd(x, b2, l22);
            x = TSimd.Broadcast(a3[p]);
            l30 = TSimd.MultiplyAdd(x, b0, l30); l31 = TSimd.MultiplyAdd(x, b1, l31); l32 = TSimd.MultiplyAdd(x, b2, l32);
            p += aStep;
            b += bStep;
            b0 = TSimd.Load(d); b1 = TSimd.Load(d + w); b2 = TSimd.Load(d + 2 * w);
            x = TSimd.Broadcast(a0[q]);
            r00 = TSimd.MultiplyAdd(x, b0, r00); r01 = TSimd.MultiplyAdd(x, b1, r01); r02 = TSimd.MultiplyAdd(x, b2, r02);
            x = TSimd.Broadcast(a1[q]);
            r10 = TSimd.MultiplyAdd(x, b0, r10); r11 = TSimd.MultiplyAdd(x, b1, r11); r12 = TSimd.MultiplyAdd(x, b2, r12);
            x = TSimd.Broadcast(a2[q]);
            r20 = TSimd.MultiplyAdd(x, b0, r20); r21 = TSimd.MultiplyAdd(x, b1, r21); r22 = TSimd.MultiplyAdd(x, b2, r22);
            x = TSimd.Broadcast(a3[q]);
            r30 = TSimd.MultiplyAdd(x, b0, r30); r31 = TSimd.MultiplyAdd(x, b1, r31); r32 = TSimd.MultiplyAdd(x, b2, r32);
            q += aStep;
            d += bStep;
        }
        for (nint k = pair.LeftLength - pair.Together; k > 0; k--)
        {
            TVector b0 = TSimd.Load(b); TVector b1 = TSimd.Load(b + w); TVector b2 = TSimd.Load(b + 2 * w);
            TVector x = TSimd.Broadcast(a0[p]);
            l00 = TSimd.MultiplyAdd(x, b0, l00); l01 = TSimd.MultiplyAdd(x, b1, l01); l02 = TSimd.MultiplyAdd(x, b2, l02);
            x = TSimd.Broadcast(a1[p]);
            l10 = TSimd.MultiplyAdd(x, b0, l10); l11 = TSimd.MultiplyAdd(x, b1, l11); l12 = TSimd.MultiplyAdd(x, b2, l12);
            x = TSimd.Broadcast(a2[p]);
            l20 = TSimd.MultiplyAdd(x, b0, l20); l21 = TSimd.MultiplyAdd(x, b1, l21); l22 = TSimd.MultiplyAdd(x, b2, l22);
            x = TSimd.Broadcast(a3[p]);
            l30 = TSimd.MultiplyAdd(x, b0, l30); l31 = TSimd.MultiplyAdd(x, b1, l31); l32 = TSimd.MultiplyAdd(x, b2, l32);
            p += aStep;
            b += bStep;
        }
        for (nint k = pair.RightLength - pair.Together; k > 0; k--)
        {
            TVector b0 = TSimd.Load(d); TVector b1 = TSimd.Load(d + w); TVector b2 = TSimd.Load(d + 2 * w);
            TVector x = TSimd.Broadcast(a0[q]);
            r00 = TSimd.MultiplyAdd(x, b0, r00); r01 = TSimd.MultiplyAdd(x, b1, r01); r02 = TSimd.MultiplyAdd(x, b2, r02);
            x = TSimd.Broadcast(a1[q]);
            r10 = TSimd.MultiplyAdd(x, b0, r10); r11 = TSimd.MultiplyAdd(x, b1, r11); r12 = TSimd.MultiplyAdd(x, b2, r12);
            x = TSimd.Broadcast(a2[q]);
            r20 = TSimd.MultiplyAdd(x, b0, r20); r21 = TSimd.MultiplyAdd(x, b1, r21); r22 = TSimd.MultiplyAdd(x, b2, r22);
            x = TSimd.Broadcast(a3[q]);
            r30 = TSimd.MultiplyAdd(x, b0, r30); r31 = TSimd.MultiplyAdd(x, b1, r31); r32 = TSimd.MultiplyAdd(x, b2, r32);
            q += aStep;
            d += bStep;
        }
        if (pair.IsWhole)
        {
            l00 = TSimd.Add(l00, r00); l01 = TSimd.Add(l01, r01); l02 = TSimd.Add(l02, r02);
            l10 = TSimd.Add(l10, r10); l11 = TSimd.Add(l11, r11); l12 = TSimd.Add(l12, r12);
            l20 = TSimd.Add(l20, r20); l21 = TSimd.Add(l21, r21); l22 = TSimd.Add(l22, r22);
            l30 = TSimd.Add(l30, r30); l31 = TSimd.Add(l31, r31); l32 = TSimd.Add(l32, r32);
        }
        MergeStack merge = end.Merge;
        for (; merge.Count > 0; merge.Count--)
        {
            float* left = merge.Top;
            l00 = TSimd.Add(TSimd.Load(left), l00); l01 = TSimd.Add(TSimd.Load(left + w), l01); l02 = TSimd.Add(TSimd.Load(left + 2 * w), l02);
            left += Columns;
            l10 = TSimd.Add(TSimd.Load(left), l10); l11 = TSimd.Add(TSimd.Load(left + w), l11); l12 = TSimd.Add(TSimd.Load(left + 2 * w), l12);
            left += Columns;
            l20 = TSimd.Add(TSimd.Load(left), l20); l21 = TSimd.Add(TSimd.Load(left + w), l21); l22 = TSimd.Add(TSimd.Load(left + 2 * w), l22);
            left += Columns;
            l30 = TSimd.Add(TSimd.Load(left), l30); l31 = TSimd.Add(TSimd.Load(left + w), l31); l32 = TSimd.Add(TSimd.Load(left + 2 * w), l32);
            merge.Top -= merge.Length;
        }
        float* to = end.C;
        nint toRow = end.Row;
        TSimd.Store(l00, to); TSimd.Store(l01, to + w); TSimd.Store(l02, to + 2 * w);
        to += toRow;
        TSimd.Store(l10, to); TSimd.Store(l11, to + w); TSimd.Store(l12, to + 2 * w);
        to += toRow;
        TSimd.Store(l20, to); TSimd.Store(l21, to + w); TSimd.Store(l22, to + 2 * w);
        to += toRow;
        TSimd.Store(l30, to); TSimd.Store(l31, to + w); TSimd.Store(l32, to + 2 * w);
    }
}

/// <summary>The steps of two neighbouring slices.</summary>
internal readonly struct PairSteps
{
    /// <summary>Where each slice begins.</summary>
    public readonly int Left, Right;

    public readonly int LeftLength, RightLength;

    /// <summary>Steps that both have.</summary>
    public readonly int Together;

    /// <summary>Whether there is a second slice (which may be empty: zeros are added then).</summary>
    public readonly bool IsWhole;

    public PairSteps(in SliceSums slices, int slice)
    {
        IsWhole = slice + 1 < slices.Count;
        Left = slices.Start(slice);
        LeftLength = slices.Length(slice);
        Right = Left + LeftLength;
        RightLength = IsWhole ? slices.Length(slice + 1) : 0;
        Together = Math.Min(LeftLength, RightLength);
    }
}
