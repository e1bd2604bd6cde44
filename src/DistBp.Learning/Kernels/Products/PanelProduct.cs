using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// Products with a matrix that was packed once and meets many others: a recurrence's weights, at each step of time. The order is that of
/// <see cref="MatrixProduct"/>: an element starts from what it is given and accumulates over k in order, fused.
/// </summary>
internal static unsafe class PanelProduct
{
    /// <summary>Steps of k that a panel has at most: so that it stays in the first cache while the rows go by.</summary>
    public const int MaxKBlock = 256;

    private const int WidestVector = 16;

    /// <summary>Floats of a packed b [k, n], at any vector width.</summary>
    public static int PackedLength(int n, int k) => checked(k * ((n + WidestVector - 1) / WidestVector * WidestVector));

    /// <summary>packed [blocks of k, panels of columns, k, columns] of b.</summary>
    public static void Pack(in Operand b, int n, int k, float* packed)
    {
        var kernel = new PanelPacking(b, n, k, packed);
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

    /// <summary>a is packed by <see cref="Packing.Rows"/>, and K is at most <see cref="PanelProduct.MaxKBlock"/>.</summary>
    public bool PackedA;

    public float* B;

    /// <summary>Null: zeros. May be c. With a row length of 0 one row is the start of all.</summary>
    public float* Start;

    public nint StartRow;

    public float* C;
    public nint CRow;
    public int M, N, K;
}

internal readonly unsafe struct PanelPacking(Operand b, int n, int k, float* packed) : IVectorized
{
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* to = packed;
        for (int p = 0; p < k; p += PanelProduct.MaxKBlock)
        {
            int steps = Math.Min(PanelProduct.MaxKBlock, k - p);
            for (int j = 0; j < n;)
            {
                int panelColumns = Product<TVector, TSimd>.VectorsOfPanel(n - j) * TSimd.Width, columns = Math.Min(panelColumns, n - j);
                Packing.Panel<TVector, TSimd>(b, j, columns, p, steps, to, panelColumns);
                to += steps * (nint)panelColumns;
                j += columns;
            }
        }
    }
}

/// <summary>See <see cref="PanelProduct"/>: a block of rows meets each panel while that is in the first cache.</summary>
internal readonly unsafe struct PanelKernel(PanelTask task) : IVectorized
{
    private const int MaxRows = 64;

    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* tile = stackalloc float[ITile.Rows * 3 * TSimd.Width];
        bool fewRegisters = Product<TVector, TSimd>.FewRegisters;
        for (int i = 0; i < task.M; i += MaxRows)
        {
            int m = Math.Min(MaxRows, task.M - i);
            float* panel = task.B;
            for (int p = 0; p == 0 || p < task.K; p += PanelProduct.MaxKBlock)
            {
                int k = Math.Min(PanelProduct.MaxKBlock, task.K - p);
                for (int j = 0; j < task.N;)
                {
                    int vectors = Product<TVector, TSimd>.VectorsOfPanel(task.N - j);
                    if (vectors == 3 && fewRegisters) Rows<TVector, TSimd, TileTwice4By3<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else if (vectors == 2 && fewRegisters) Rows<TVector, TSimd, TileTwice4By2<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else if (vectors == 3) Rows<TVector, TSimd, Tile8By3<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else if (vectors == 2) Rows<TVector, TSimd, Tile8By2<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    else Rows<TVector, TSimd, Tile8By1<TVector, TSimd>>(tile, panel, i, m, j, p, k);
                    panel += k * (nint)(vectors * TSimd.Width);
                    j += vectors * TSimd.Width;
                }
            }
        }
    }

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
        for (int row = i; row < i + m; row += ITile.Rows)
        {
            int rows = Math.Min(ITile.Rows, i + m - row);
            TileRows a = task.PackedA
                ? new TileRows(task.A.Data + row * (nint)k, 1, ITile.Rows, ITile.Rows)
                : new TileRows(task.A.At(row, p), task.A.Stride, task.A.Step, rows);
            float* from = start == null ? null : start + row * startRow + j, c = task.C + row * task.CRow + j;
            if (rows == ITile.Rows && columns == TTile.Columns)
            {
                TTile.Accumulate(a, b, steps, from, startRow, Ahead.Nothing(panel), c, task.CRow);
                continue;
            }
            if (from != null) Copy(from, startRow, tile, TTile.Columns, rows, columns);
            TTile.Accumulate(a, b, steps, from == null ? null : tile, TTile.Columns, Ahead.Nothing(panel), tile, TTile.Columns);
            Copy(tile, TTile.Columns, c, task.CRow, rows, columns);
        }
    }

    private static void Copy(float* from, nint fromRow, float* to, nint toRow, int rows, int columns)
    {
        for (int r = 0; r < rows; r++, from += fromRow, to += toRow) new Span<float>(from, columns).CopyTo(new Span<float>(to, columns));
    }
}
