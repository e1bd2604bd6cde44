using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Kernels.Convolutions;

/// <summary>
/// A strip, one or two vectors wide, of a matrix product whose left side is never made: a(i, p) lies in an image at rows[i] + steps[p].
/// All three products of a convolution are of this form: windows by taps (forward, and over dy for dx), and taps by windows (for dw).
/// </summary>
internal static unsafe class GatheredProduct<TVector, TSimd>
    where TVector : struct
    where TSimd : ISimd<TVector>
{
    /// <summary>Columns of the next strip: a vector for what fits into one, else two.</summary>
    public static int StripColumns(int columnsLeft) => columnsLeft <= TSimd.Width ? TSimd.Width : 2 * TSimd.Width;

    /// <summary>Columns of all strips of a product with n columns.</summary>
    public static int PaddedColumns(int n) => n / (2 * TSimd.Width) * 2 * TSimd.Width + (n % (2 * TSimd.Width) == 0 ? 0 : StripColumns(n % (2 * TSimd.Width)));

    /// <summary>Rows of c's memory.</summary>
    public static int PaddedRows(int m) => (m + GatheredRows.Count - 1) / GatheredRows.Count * GatheredRows.Count;

    /// <summary>c [PaddedRows(m), columns] = start + Σ over p of a(·, p) · b[p, ·], in the order of p.</summary>
    /// <param name="b">[k, columns].</param>
    /// <param name="start">Rows startRow floats apart (0: one row for all); may be c.</param>
    public static void Run(float* a, int* rows, int m, int* steps, int k, float* b, int columns, float* start, int startRow, float* c)
    {
        for (int i = 0; i < m; i += GatheredRows.Count)
        {
            var tile = new GatheredRows(a, rows + i, m - i);
            if (columns == TSimd.Width) GatheredTile<TVector, TSimd>.Accumulate1(tile, steps, k, b, start, startRow, c);
            else GatheredTile<TVector, TSimd>.Accumulate2(tile, steps, k, b, start, startRow, c);
            start += GatheredRows.Count * startRow;
            c += GatheredRows.Count * columns;
        }
    }
}
