using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// Products with a matrix that was packed once and meets many others: a recurrence's weights, at each step of time. The order is that of
/// <see cref="MatrixProduct"/>: an element starts from what it is given and accumulates over k in order, fused.
/// </summary>
internal static unsafe class PanelProduct
{
    private const int WidestVector = 16;

    /// <summary>Floats of a packed b [k, n], at any vector width.</summary>
    public static int PackedLength(int n, int k) => checked(k * ((n + WidestVector - 1) / WidestVector * WidestVector));

    /// <summary>packed [blocks of k, panels of columns, k, columns] of b.</summary>
    public static void Pack(in Operand b, int n, int k, float* packed) => Pack(b, k, b, n, k, packed);

    /// <summary>The same of b with more rows below it: b has the first rows, the rest are those of below.</summary>
    public static void Pack(in Operand b, int rows, in Operand below, int n, int k, float* packed)
    {
        var kernel = new PanelPacking(b, rows, below, n, k, packed);
        Widest.Run(ref kernel);
    }

    public static void Run(in PanelTask task)
    {
        var kernel = new PanelKernel(task);
        Widest.Run(ref kernel);
    }
}

/// <summary>c [M, N] = start + a [M, K] · b [K, N], b packed.</summary>
internal unsafe struct PanelTask
{
    public Operand A;

    /// <summary>a is packed by <see cref="Packing.Rows"/>.</summary>
    public bool PackedA;

    public float* B;

    /// <summary>The rows that b was packed with, where only the first K count; else 0.</summary>
    public int PackedK;

    /// <summary>The columns that are packed for b next, where they lie: fetched meanwhile. Null data: nothing.</summary>
    public Operand Next;

    /// <summary>Null: zeros. May be c. With a row length of 0 one row is the start of all.</summary>
    public float* Start;

    public nint StartRow;

    public float* C;
    public nint CRow;
    public int M, N, K;
}

internal readonly unsafe struct PanelPacking(Operand b, int rows, Operand below, int n, int k, float* packed) : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* to = packed;
        for (int p = 0; p < k; p += PanelKernel.KBlock<TVector, TSimd>())
        {
            int steps = Math.Min(PanelKernel.KBlock<TVector, TSimd>(), k - p), upper = Math.Clamp(rows - p, 0, steps);
            for (int j = 0; j < n;)
            {
                int panelColumns = Product<TVector, TSimd>.VectorsOfPanel(n - j) * TSimd.Width, columns = Math.Min(panelColumns, n - j);
                if (upper > 0) Packing.Panel<TVector, TSimd>(b, j, columns, p, upper, to, panelColumns);
                to += upper * (nint)panelColumns;
                if (upper < steps) Packing.Panel<TVector, TSimd>(below, j, columns, p + upper - rows, steps - upper, to, panelColumns);
                to += (steps - upper) * (nint)panelColumns;
                j += columns;
            }
        }
    }
}

/// <summary>See <see cref="PanelProduct"/>: a block of rows meets each panel while that is near.</summary>
internal readonly unsafe struct PanelKernel(PanelTask task) : IVectorized
{
    private const int MaxRows = 64;

    /// <summary>
    /// Steps of k that a panel has at most: where half a tile goes by at a time it is read twice as fast, and has to stay in the first cache;
    /// else it is read from the second at full speed, and fewer and longer sums cost less.
    /// </summary>
    public static int KBlock<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
        => Product<TVector, TSimd>.FewRegisters ? 256 : 512;

    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* tile = stackalloc float[ITile.Rows * 3 * TSimd.Width];
        bool fewRegisters = Product<TVector, TSimd>.FewRegisters;
        int packedK = Math.Max(task.K, task.PackedK);
        for (int i = 0; i < task.M; i += MaxRows)
        {
            int m = Math.Min(MaxRows, task.M - i);
            float* panel = task.B;
            for (int p = 0; p == 0 || p < task.K; p += KBlock<TVector, TSimd>())
            {
                int packed = Math.Min(KBlock<TVector, TSimd>(), packedK - p), k = Math.Min(packed, task.K - p);
                for (int j = 0; j < task.N;)
                {
                    int vectors = Product<TVector, TSimd>.VectorsOfPanel(task.N - j);
                    if (vectors == 3 && fewRegisters) Rows<TVector, TSimd, TileTwice4By3<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else if (vectors == 2 && fewRegisters) Rows<TVector, TSimd, TileTwice4By2<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else if (vectors == 3) Rows<TVector, TSimd, Tile8By3<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else if (vectors == 2) Rows<TVector, TSimd, Tile8By2<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else Rows<TVector, TSimd, Tile8By1<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    panel += packed * (nint)(vectors * TSimd.Width);
                    j += vectors * TSimd.Width;
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Rows<TVector, TSimd, TTile>(float* tile, float* panel, int i, int m, int j, int p, int k)
        where TVector : struct
        where TSimd : ISimd<TVector>
        where TTile : ITile
    {
        int columns = Math.Min(TTile.Columns, task.N - j);
        float* start = p == 0 ? task.Start : task.C;
        nint startRow = p == 0 ? task.StartRow : task.CRow;
        int* bounds = stackalloc int[] { 0, k };
        var steps = new SliceSums(bounds, 1, null);
        var b = new Panel(panel, TTile.Columns);
        float* data = task.PackedA ? task.A.Data + i * (nint)task.K + p * ITile.Rows : task.A.At(i, p);
        nint rowStride = task.PackedA ? 1 : task.A.Stride, step = task.PackedA ? ITile.Rows : task.A.Step;
        nint next = task.PackedA ? ITile.Rows * (nint)task.K : ITile.Rows * task.A.Stride;
        for (int row = i; row < i + m; row += ITile.Rows, data += next)
        {
            int rows = Math.Min(ITile.Rows, i + m - row);
            float* from = start == null ? null : start + row * startRow + j, c = task.C + row * task.CRow + j;

            // Each line of the next panel with two tiles, every other step with each.
            int part = row / ITile.Rows, line = part / 2 * Ahead.Floats;
            bool fetches = task.Next.Data != null && line < columns;
            float* ahead = fetches ? task.Next.At(j + line, p + part % 2) : panel;
            nint aheadStep = fetches ? 2 * task.Next.Step : 0, interval = fetches ? 2 : nint.MaxValue / 4;

            // A struct that is copied right after it was filled waits until its fields have left for the cache: none is.
            if (rows == ITile.Rows && columns == TTile.Columns)
            {
                TTile.Accumulate(
                    new TileRows(data, rowStride, step, ITile.Rows), b, steps, from, startRow, new Ahead(ahead, aheadStep, interval), c,
                    task.CRow);
                continue;
            }
            if (from != null) Copy(from, startRow, tile, TTile.Columns, rows, columns);
            TTile.Accumulate(
                new TileRows(data, rowStride, step, task.PackedA ? ITile.Rows : rows), b, steps, from == null ? null : tile, TTile.Columns,
                new Ahead(ahead, aheadStep, interval), tile, TTile.Columns);
            Copy(tile, TTile.Columns, c, task.CRow, rows, columns);
        }
    }

    private static void Copy(float* from, nint fromRow, float* to, nint toRow, int rows, int columns)
    {
        for (int r = 0; r < rows; r++, from += fromRow, to += toRow) new Span<float>(from, columns).CopyTo(new Span<float>(to, columns));
    }
}
