using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The loops around the register tile, after Goto and van de Geijn (ACM TOMS 34, 2008). k is cut in blocks; of one operand a block that
/// fits the second cache stays there, while the other goes by once. Partial sums rest in c itself, in float as in the registers, so
/// cutting k changes no bit.
/// </summary>
internal static unsafe class Product<TVector, TSimd>
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    // Measured with caches of 48 KiB and 2 MiB, 32 KiB and 1 MiB: tiles stream both operands from the second cache at full speed.
    private const int MaxKBlock = 800;

    // Where b is read in place its rows lie on different pages: so many stay within reach of the address translation's second level.
    private const int MaxKBlockInPlace = 400;

    // Some two thirds of a second cache of 1 MiB: the rest is for what goes by.
    private const int MaxResidentFloats = 160 * 1024;

    // Of a, packed once for all blocks of b: read tile by tile in order, from wherever it is.
    private const int MaxPackedFloats = 1024 * 1024;

    // Below so many rows a panel of b is used too seldom to be worth a copy of its own.
    private const int MaxRowsInPlace = 199;

    // Copying a block of a pays from so many columns on, if the block's rows are far apart (they would compete for few cache sets).
    private const int MinColumnsToPackA = 256;

    // Steps of so many floats fall into few sets of the first cache.
    private const int FewSets = 64;

    private const int StripRows = 16;

    public static void Run(in ProductTask task, MatrixWorkspace workspace)
    {
        if (task.M == 0 || task.N == 0) return;
        if (task.C.Transposed || task.M >= MinRowsToStream) ColumnsResident(task, workspace);
        else RowsResident(task, workspace);
    }

    /// <summary>A block of a stays; each panel of b is packed, meets every row of the block, and goes.</summary>
    private static void RowsResident(in ProductTask task, MatrixWorkspace workspace)
    {
        bool inPlace = task.M <= RowsInPlace && task.B.Stride == 1;
        int kBlock = KBlock(task, inPlace ? MaxKBlockInPlace : MaxKBlock), mBlock = Even(task.M, MaxResidentFloats / kBlock, ITile.Rows);
        bool packA = task.N >= MinColumnsToPackA && (task.A.Step == 1 ? task.A.Stride >= 2 * kBlock : task.A.Step % FewSets == 0);
        var scratch = Scratch.Of<TVector, TSimd>(workspace, kBlock * 3 * TSimd.Width, packA ? (mBlock + ITile.Rows) * kBlock : 0);
        for (int p = 0; p == 0 || p < task.K; p += kBlock)
        {
            int k = Math.Min(kBlock, task.K - p);
            for (int i = 0; i < task.M; i += mBlock)
            {
                int m = Math.Min(mBlock, task.M - i);
                if (packA) Packing.Rows(task.A, i, m, p, k, scratch.Packed);
                for (int j = 0; j < task.N;)
                {
                    j += VectorsOfPanel(task.N - j) switch
                    {
                        3 when FewRegisters => RowsAgainstPanel<TileTwice4By3<TVector, TSimd>>(task, scratch, packA, i, m, j, p, k),
                        2 when FewRegisters => RowsAgainstPanel<TileTwice4By2<TVector, TSimd>>(task, scratch, packA, i, m, j, p, k),
                        3 => RowsAgainstPanel<Tile8By3<TVector, TSimd>>(task, scratch, packA, i, m, j, p, k),
                        2 => RowsAgainstPanel<Tile8By2<TVector, TSimd>>(task, scratch, packA, i, m, j, p, k),
                        _ => RowsAgainstPanel<Tile8By1<TVector, TSimd>>(task, scratch, packA, i, m, j, p, k),
                    };
                }
            }
        }
    }

    private static int RowsAgainstPanel<TTile>(in ProductTask task, in Scratch scratch, bool packedA, int i, int m, int j, int p, int k)
        where TTile : ITile
    {
        int columns = Math.Min(TTile.Columns, task.N - j);
        var panel = new Panel(task.B.At(j, p), task.B.Step);
        if (task.B.Stride != 1 || columns < TTile.Columns || m > RowsInPlace)
        {
            bool onTheWay = TTile.Copies && task.B.Stride == 1 && columns == TTile.Columns;
            if (!onTheWay) Packing.Panel<TVector, TSimd>(task.B, j, columns, p, k, scratch.Panel, TTile.Columns);
            panel = onTheWay ? new Panel(panel.Data, panel.Step, scratch.Panel) : new Panel(scratch.Panel, TTile.Columns);
        }
        for (int row = 0; row < m; row += ITile.Rows)
        {
            int rows = Math.Min(ITile.Rows, m - row);
            TileRows a = packedA
                ? new TileRows(scratch.Packed + row * (nint)k, 1, ITile.Rows, ITile.Rows)
                : new TileRows(task.A.At(i + row, p), task.A.Stride, task.A.Step, rows);
            int part = row / ITile.Rows, line = part / 2 * Ahead.Floats;
            Ahead ahead = line < TTile.Columns && j + columns + line < task.N && task.B.Stride == 1
                ? new Ahead(task.B.At(j + columns + line, p + part % 2), 2 * task.B.Step, 2)
                : Ahead.Nothing(panel.Data);
            TileRun<TVector, TSimd, TTile>.Run(task, scratch.Tiles, a, panel, i + row, j, rows, columns, p, k, ahead);
            if (panel.Copy != null) panel = new Panel(scratch.Panel, TTile.Columns);
        }
        return columns;
    }

    /// <summary>A block of b, packed, stays; each tile of rows of a meets every panel of it, and goes.</summary>
    private static void ColumnsResident(in ProductTask task, MatrixWorkspace workspace)
    {
        int kBlock = KBlock(task, MaxKBlock), nBlock = Even(task.N, MaxResidentFloats / kBlock, 3 * TSimd.Width);
        bool packA = task.A.Step != 1 && task.N >= MinColumnsToPackA;
        int mBlock = Even(task.M, packA ? MaxPackedFloats / kBlock : task.M, ITile.Rows);
        var scratch = Scratch.Of<TVector, TSimd>(workspace, kBlock * (nBlock + TSimd.Width), packA ? mBlock * kBlock : 0);
        for (int p = 0; p == 0 || p < task.K; p += kBlock)
        {
            int k = Math.Min(kBlock, task.K - p);
            for (int j = 0; j < task.N; j += nBlock)
            {
                int n = Math.Min(nBlock, task.N - j);
                PackPanels(task, scratch.Panel, j, n, p, k);
                for (int i = 0; i < task.M; i += mBlock)
                {
                    int m = Math.Min(mBlock, task.M - i);
                    if (packA && (j == 0 || mBlock < task.M)) Packing.Rows(task.A, i, m, p, k, scratch.Packed);
                    for (int row = 0; row < m; row += ITile.Rows)
                    {
                        int rows = Math.Min(ITile.Rows, m - row);
                        TileRows a = packA
                            ? new TileRows(scratch.Packed + row * (nint)k, 1, ITile.Rows, ITile.Rows)
                            : new TileRows(task.A.At(i + row, p), task.A.Stride, task.A.Step, rows);
                        TileAgainstPanels(task, scratch, a, i + row, rows, j, n, p, k);
                    }
                }
            }
        }
    }

    private static void PackPanels(in ProductTask task, float* panel, int j, int n, int p, int k)
    {
        // Where b's rows lie in one piece a few of them at a time are dealt out to all panels, as memory is read best.
        int strip = task.B.Stride == 1 ? StripRows : k;
        for (int row = 0; row < k; row += strip)
        {
            int rows = Math.Min(strip, k - row);
            float* to = panel;
            for (int column = j, end = j + n; column < end;)
            {
                int panelColumns = VectorsOfPanel(end - column) * TSimd.Width, columns = Math.Min(panelColumns, end - column);
                Packing.Panel<TVector, TSimd>(task.B, column, columns, p + row, rows, to + row * (nint)panelColumns, panelColumns);
                to += k * (nint)panelColumns;
                column += columns;
            }
        }
    }

    private static void TileAgainstPanels(
        in ProductTask task, in Scratch scratch, in TileRows a, int i, int rows, int j, int n, int p, int k)
    {
        float* panel = scratch.Panel;

        // The tile of rows to come, if it lies in one piece: as many lines with each panel as make it whole with the last.
        bool oneAhead = task.A.Stride == k && task.A.Step == 1 && i + 2 * ITile.Rows <= task.M;
        int panels = (n + 3 * TSimd.Width - 1) / (3 * TSimd.Width), interval = Ahead.Floats / ITile.Rows * panels;
        float* next = oneAhead ? task.A.At(i + ITile.Rows, p) : null;
        for (int end = j + n; j < end; next += oneAhead ? (k + interval - 1) / interval * Ahead.Floats : 0)
        {
            Ahead ahead = oneAhead ? new Ahead(next, Ahead.Floats, interval) : Ahead.Nothing(panel);
            int vectors = VectorsOfPanel(end - j), panelColumns = vectors * TSimd.Width, columns = Math.Min(panelColumns, end - j);
            var b = new Panel(panel, panelColumns);
            if (vectors == 3 && FewRegisters)
                TileRun<TVector, TSimd, TileTwice4By3<TVector, TSimd>>.Run(task, scratch.Tiles, a, b, i, j, rows, columns, p, k, ahead);
            else if (vectors == 2 && FewRegisters)
                TileRun<TVector, TSimd, TileTwice4By2<TVector, TSimd>>.Run(task, scratch.Tiles, a, b, i, j, rows, columns, p, k, ahead);
            else if (vectors == 3) TileRun<TVector, TSimd, Tile8By3<TVector, TSimd>>.Run(task, scratch.Tiles, a, b, i, j, rows, columns, p, k, ahead);
            else if (vectors == 2) TileRun<TVector, TSimd, Tile8By2<TVector, TSimd>>.Run(task, scratch.Tiles, a, b, i, j, rows, columns, p, k, ahead);
            else TileRun<TVector, TSimd, Tile8By1<TVector, TSimd>>.Run(task, scratch.Tiles, a, b, i, j, rows, columns, p, k, ahead);
            panel += k * (nint)panelColumns;
            j += columns;
        }
    }

    /// <summary>AVX2 has 16 registers, AVX-512 and NEON have 32.</summary>
    internal static bool FewRegisters => TSimd.Width == 8;

    /// <summary>Where the first tile copies b's rows as it reads them, the copy pays from the second tile on.</summary>
    private static int RowsInPlace => FewRegisters ? ITile.Rows : MaxRowsInPlace;

    /// <summary>From so many rows on it is b's block that stays: later where a panel is copied without a pass of its own.</summary>
    private static int MinRowsToStream => FewRegisters ? 1024 : 384;

    /// <summary>Three vectors, but two and two rather than three and one: the tile of one is bound by latency.</summary>
    internal static int VectorsOfPanel(int columnsLeft)
    {
        int vectors = (columnsLeft + TSimd.Width - 1) / TSimd.Width;
        return vectors == 4 ? 2 : Math.Min(vectors, 3);
    }

    private static int KBlock(in ProductTask task, int maximum)
        => task.SliceStarts != null ? Math.Max(1, task.K) : Even(task.K, maximum, 1);

    /// <summary>The smallest length that cuts total into as few parts as maximum does, rounded up to a multiple of unit.</summary>
    private static int Even(int total, int maximum, int unit)
    {
        maximum = Math.Max(unit, maximum / unit * unit);
        int parts = Math.Max(1, (total + maximum - 1) / maximum);
        int part = (total + parts - 1) / parts;
        return Math.Max(unit, (part + unit - 1) / unit * unit);
    }
}

/// <summary>Columns of b: row p at Data + p · Step.</summary>
/// <param name="copy">Null, or where its rows are copied, one after the other, while the first tile reads them.</param>
internal readonly unsafe struct Panel(float* data, nint step, float* copy = null)
{
    public readonly float* Data = data;
    public readonly nint Step = step;
    public readonly float* Copy = copy;
}

/// <summary>The parts of the workspace.</summary>
internal readonly unsafe struct Scratch
{
    /// <summary>Tiles at hand: a tree of 2³¹ slices needs no more.</summary>
    private const int TileCount = 35;

    public readonly float* Tiles, Panel, Packed;

    private Scratch(float* start, int tileFloats, int panelFloats)
    {
        Tiles = start;
        Panel = Tiles + tileFloats;
        Packed = Panel + panelFloats;
    }

    public static Scratch Of<TVector, TSimd>(MatrixWorkspace workspace, int panelFloats, int packedFloats)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        int tileFloats = TileCount * ITile.Rows * 3 * TSimd.Width;
        Span<float> memory = workspace.Scratch(tileFloats + panelFloats + packedFloats);
        return new Scratch((float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(memory)), tileFloats, panelFloats);
    }
}
