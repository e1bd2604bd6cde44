using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Products;

/// <summary>Copies operands into the order in which tiles read them.</summary>
internal static unsafe class Packing
{
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
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows(in Operand a, int i, int m, int p, int k, float* packed)
    {
        for (int row = 0; row < m; row += ITile.Rows, packed += ITile.Rows * (nint)k)
        {
            int rows = Math.Min(ITile.Rows, m - row);
            if (rows < ITile.Rows) new Span<float>(packed, ITile.Rows * k).Clear();
            float* source = a.At(i + row, p);
            if (a.Step == 1)
            {
                Transposition.Run(source, a.Stride, rows, k, packed, ITile.Rows);
                continue;
            }
            for (int step = 0; step < k; step++, source += a.Step)
            {
                float* to = packed + step * ITile.Rows;
                if (rows == ITile.Rows) Vector256.Load(source).Store(to);
                else new ReadOnlySpan<float>(source, rows).CopyTo(new Span<float>(to, ITile.Rows));
            }
        }
    }
}
