using System.Numerics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>Computes one tile of c, wherever it starts from and ends up.</summary>
internal static unsafe class TileRun<TVector, TSimd, TTile>
    where TVector : struct
    where TSimd : ISimd<TVector>
    where TTile : ITile
{
    /// <param name="tiles">Room for a stack of tiles.</param>
    public static void Run(
        in ProductTask task, float* tiles, in TileRows a, in Panel b, int i, int j, int rows, int columns, int p, int k, in Ahead ahead)
    {
        if (task.SliceStarts != null) Tree(task, tiles, a, b, i, j, rows, columns);
        else Sum(task, tiles, a, b, i, j, rows, columns, p, k, ahead);
    }

    private static void Sum(
        in ProductTask task, float* tile, in TileRows a, in Panel b, int i, int j, int rows, int columns, int p, int k, in Ahead ahead)
    {
        bool whole = rows == ITile.Rows && columns == TTile.Columns, first = p == 0, last = p + k == task.K;
        if (whole && !task.C.Transposed && (!last || task.C.IsPlain))
        {
            float* c = task.C.At(i, j);
            TTile.Accumulate(a, 0, b, k, first ? null : c, task.C.RowLength, ahead, new TileEnd(c, task.C.RowLength, default));
            return;
        }
        if (last) task.C.Fetch(i, j, rows, columns);
        if (!first) task.C.Load<TVector, TSimd>(tile, TTile.Columns, i, j, rows, columns);
        TTile.Accumulate(a, 0, b, k, first ? null : tile, TTile.Columns, ahead, new TileEnd(tile, TTile.Columns, default));
        if (last) task.C.Finish<TVector, TSimd>(tile, TTile.Columns, i, j, rows, columns, tile + ITile.Rows * TTile.Columns);
        else task.C.Store<TVector, TSimd>(tile, TTile.Columns, i, j, rows, columns);
    }

    /// <summary>
    /// The slices' sums, added along the <see cref="ReductionTree"/> as a binary counter counts: after slice s as many finished left
    /// siblings wait on the stack as s + 1 has bits set, and the last slice takes them all.
    /// </summary>
    private static void Tree(
        in ProductTask task, float* stack, in TileRows a, in Panel b, int i, int j, int rows, int columns)
    {
        int length = ITile.Rows * TTile.Columns, last = task.SliceCount - 1;
        bool inPlace = rows == ITile.Rows && columns == TTile.Columns && task.C.IsPlain;
        for (int s = 0; s <= last; s++)
        {
            int waiting = BitOperations.PopCount((uint)s), merges = s == last ? waiting : BitOperations.TrailingZeroCount(s + 1);
            int start = task.SliceStarts[s], count = task.SliceStarts[s + 1] - start;
            bool toMatrix = s == last && inPlace;
            TTile.Accumulate(
                a, start, b.From(start, TTile.Columns), count, null, 0, Ahead.Nothing(b.Data),
                new TileEnd(
                    toMatrix ? task.C.At(i, j) : stack + (waiting - merges) * length, toMatrix ? task.C.RowLength : TTile.Columns,
                    new MergeStack { Count = merges, Top = stack + (waiting - 1) * length, Length = length }));
        }
        if (!inPlace) task.C.Finish<TVector, TSimd>(stack, TTile.Columns, i, j, rows, columns, stack + length);
    }
}
