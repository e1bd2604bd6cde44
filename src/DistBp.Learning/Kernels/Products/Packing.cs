using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>Copies operands into the order in which tiles read them.</summary>
internal static unsafe class Packing
{
    // So many steps a power of two apart still fit the ways of the first cache.
    private const int StripSteps = 16;

    // So far before it is read.
    private const int LinesAhead = 4;

    /// <summary>panel [k, panelColumns] = b's columns [j, j + columns), rows [p, p + k); missing columns are zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Panel<TVector, TSimd>(in Operand b, int j, int columns, int p, int k, float* panel, int panelColumns)
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        float* source = b.At(j, p);
        if (b.Stride != 1) Transposition.Run(source, b.Stride, columns, k, panel, panelColumns);
        if (b.Stride != 1 && columns == panelColumns) return;
        for (int row = 0; row < k; row++, panel += panelColumns, source += b.Step)
        {
            int column = 0;
            if (b.Stride == 1)
            {
                for (; column + TSimd.Width <= columns; column += TSimd.Width) TSimd.Store(TSimd.Load(source + column), panel + column);
                for (; column < columns; column++) panel[column] = source[column];
            }
            for (column = columns; column < panelColumns; column++) panel[column] = 0;
        }
    }

    /// <summary>packed [tiles, k, 8] = a's rows [i, i + m), steps [p, p + k), 8 rows a tile; missing rows are zeros.</summary>
    public static void Rows(in Operand a, int i, int m, int p, int k, float* packed)
    {
        if (a.Step != 1)
        {
            RowsAcross(a, i, m, p, k, packed);
            return;
        }
        for (int row = 0; row < m; row += ITile.Rows, packed += ITile.Rows * (nint)k)
        {
            int rows = Math.Min(ITile.Rows, m - row);
            if (rows < ITile.Rows) new Span<float>(packed, ITile.Rows * k).Clear();
            Transposition.Run(a.At(i + row, p), a.Stride, rows, k, packed, ITile.Rows);
        }
    }

    /// <summary>
    /// Rows where a's neighbours along m lie together: by strips of few steps, and two tiles at a time, which are a cache line of each step.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void RowsAcross(in Operand a, int i, int m, int p, int k, float* packed)
    {
        nint tile = ITile.Rows * (nint)k;
        for (int strip = 0; strip < k; strip += StripSteps)
        {
            int steps = Math.Min(StripSteps, k - strip), row = 0;
            float* to = packed + strip * ITile.Rows;
            for (; row + 2 * ITile.Rows <= m; row += 2 * ITile.Rows, to += 2 * tile)
            {
                float* source = a.At(i + row, p + strip);
                for (int step = 0; step < steps; step++, source += a.Step)
                {
                    Prefetching.ToSecond(source + LinesAhead * Ahead.Floats);
                    Vector256.Load(source).Store(to + step * ITile.Rows);
                    Vector256.Load(source + ITile.Rows).Store(to + tile + step * ITile.Rows);
                }
            }
            for (; row < m; row += ITile.Rows, to += tile)
            {
                int rows = Math.Min(ITile.Rows, m - row);
                float* source = a.At(i + row, p + strip);
                for (int step = 0; step < steps; step++, source += a.Step)
                {
                    for (int r = 0; r < ITile.Rows; r++) to[step * ITile.Rows + r] = r < rows ? source[r] : 0;
                }
            }
        }
    }
}
