using System.Runtime.CompilerServices;

namespace DistBp.Learning.Kernels.Products;

/// <summary>
/// The innermost kernel of a product: a block of c, 8 rows by a few vectors, that stays in registers while k goes by:
/// c [8, Columns] = start + Σ over p of a[·, p] · b[p, ·], in the order of p, fused; or the sum along a tree of such sums over slices of p.
/// </summary>
internal unsafe interface ITile
{
    /// <summary>Rows of every tile.</summary>
    const int Rows = 8;

    /// <summary>In floats.</summary>
    static abstract int Columns { get; }

    /// <summary>Whether <see cref="Panel.Copy"/> is filled on the way.</summary>
    static abstract bool Copies { get; }

    /// <param name="start">What to start from, rows startRow apart; null: zeros. With one slice only.</param>
    /// <param name="ahead">Fetched meanwhile.</param>
    /// <param name="c">Where the tile goes, rows cRow apart.</param>
    static abstract void Accumulate(
        in TileRows a, in Panel b, in SliceSums slices, float* start, nint startRow, in Ahead ahead, float* c, nint cRow);
}

/// <summary>Eight rows of a: element (i, p) at Row_i + p · Step. Rows past the last are the last again: computed and thrown away.</summary>
internal readonly unsafe struct TileRows
{
    public readonly float* Row0, Row1, Row2, Row3, Row4, Row5, Row6, Row7;
    public readonly nint Step;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public TileRows(float* a, nint rowStride, nint step, int rows)
    {
        Row0 = a;
        Row1 = a + (1 < rows ? 1 : rows - 1) * rowStride;
        Row2 = a + (2 < rows ? 2 : rows - 1) * rowStride;
        Row3 = a + (3 < rows ? 3 : rows - 1) * rowStride;
        Row4 = a + (4 < rows ? 4 : rows - 1) * rowStride;
        Row5 = a + (5 < rows ? 5 : rows - 1) * rowStride;
        Row6 = a + (6 < rows ? 6 : rows - 1) * rowStride;
        Row7 = a + (7 < rows ? 7 : rows - 1) * rowStride;
        Step = step;
    }
}

/// <summary>What later tiles will read, fetched into the second cache while this one computes: a line every few steps.</summary>
internal readonly unsafe struct Ahead(float* next, nint step, nint interval)
{
    /// <summary>A cache line.</summary>
    public const int Floats = 16;

    public readonly float* Next = next;

    /// <summary>From line to line, in floats.</summary>
    public readonly nint Step = step;

    /// <summary>Steps to a line.</summary>
    public readonly nint Interval = interval;

    /// <param name="near">What is at hand anyway: an address that is not mapped would walk the page tables.</param>
    public static Ahead Nothing(float* near) => new(near, 0, nint.MaxValue / 4);

    /// <summary>The part of it that the upper (0) or the lower (1) half of a tile fetches in its own k steps.</summary>
    public Ahead Half(nint k, int half)
        => new(half == 0 || Step == 0 ? Next : Next + (k + 2 * Interval - 1) / (2 * Interval) * Step, Step, 2 * Interval);
}

/// <summary>Whether rows of b are copied on their way through the registers; a type, so that the JIT makes a loop for each.</summary>
internal interface ICopy
{
    static abstract bool Copies { get; }
}

internal readonly struct Reading : ICopy
{
    public static bool Copies => false;
}

internal readonly struct Copying : ICopy
{
    public static bool Copies => true;
}
