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
        if (task.SliceStarts != null) Tree(task, tiles, a, b, i, j, rows, columns, ahead);
        else Sum(task, tiles, a, b, i, j, rows, columns, p, k, ahead);
    }

    private static void Sum(
        in ProductTask task, float* tile, in TileRows a, in Panel b, int i, int j, int rows, int columns, int p, int k, in Ahead ahead)
    {
        int* bounds = stackalloc int[] { 0, k };
        var steps = new SliceSums(bounds, 1, null);
        bool whole = rows == ITile.Rows && columns == TTile.Columns, first = p == 0, last = p + k == task.K;
        if (whole && !task.C.Transposed && (!last || task.C.IsPlain))
        {
            float* c = task.C.At(i, j);
            TTile.Accumulate(a, b, steps, first ? null : c, task.C.RowLength, ahead, c, task.C.RowLength);
            return;
        }
        if (last) task.C.Fetch(i, j, rows, columns);
        if (!first) task.C.Load<TVector, TSimd>(tile, TTile.Columns, i, j, rows, columns);
        TTile.Accumulate(a, b, steps, first ? null : tile, TTile.Columns, ahead, tile, TTile.Columns);
        if (last) task.C.Finish<TVector, TSimd>(tile, TTile.Columns, i, j, rows, columns, tile + ITile.Rows * TTile.Columns);
        else task.C.Store<TVector, TSimd>(tile, TTile.Columns, i, j, rows, columns);
    }

    private static void Tree(
        in ProductTask task, float* tile, in TileRows a, in Panel b, int i, int j, int rows, int columns, in Ahead ahead)
    {
        float* stack = tile + ITile.Rows * TTile.Columns;
        var slices = new SliceSums(task.SliceStarts, task.SliceCount, stack);
        bool inPlace = rows == ITile.Rows && columns == TTile.Columns && task.C.IsPlain;
        TTile.Accumulate(
            a, b, slices, null, 0, ahead, inPlace ? task.C.At(i, j) : tile, inPlace ? task.C.RowLength : TTile.Columns);
        if (!inPlace) task.C.Finish<TVector, TSimd>(tile, TTile.Columns, i, j, rows, columns, stack);
    }
}
