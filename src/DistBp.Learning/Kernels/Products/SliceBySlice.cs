namespace DistBp.Learning.Kernels.Products;

/// <summary>A tile that sums over one slice at a time.</summary>
internal unsafe interface ISliceTile
{
    /// <summary>In floats.</summary>
    static abstract int Columns { get; }

    /// <param name="first">Steps of a that are passed over.</param>
    /// <param name="b">Row p of the panel at b + p · bStep, p counted from first.</param>
    static abstract void AccumulateSlice(
        in TileRows a, nint first, float* b, nint bStep, nint k, float* start, nint startRow, in Ahead ahead, in TileEnd end);
}

/// <summary>What is done after the last step; in memory until then, since the loop over k needs every register for addresses.</summary>
internal readonly unsafe struct TileEnd(float* c, nint row, MergeStack merge)
{
    /// <summary>Where the tile goes, rows so many floats apart.</summary>
    public readonly float* C = c;
    public readonly nint Row = row;
    public readonly MergeStack Merge = merge;
}

/// <summary>Finished left siblings in a reduction tree, whole tiles one after the other: Count of them are added, from Top down.</summary>
internal unsafe struct MergeStack
{
    public int Count;
    public float* Top;

    /// <summary>Floats of one tile.</summary>
    public nint Length;
}

/// <summary>The sum along the tree of slices, tile by tile.</summary>
internal static unsafe class SliceBySlice<TTile>
    where TTile : ISliceTile
{
    public static void Accumulate(
        in TileRows a, in Panel b, in SliceSums slices, float* start, nint startRow, in Ahead ahead, float* c, nint cRow)
    {
        if (slices.Count == 1)
        {
            TTile.AccumulateSlice(a, 0, b.Data, b.Step, slices.Steps, start, startRow, ahead, new TileEnd(c, cRow, default));
            return;
        }
        int length = ITile.Rows * TTile.Columns;
        for (int s = 0; s < slices.Count; s++)
        {
            int waiting = SliceSums.Waiting(s), merges = slices.Merges(s), first = slices.Start(s);
            bool last = s == slices.Count - 1;
            TTile.AccumulateSlice(
                a, first, b.Data + first * b.Step, b.Step, slices.Length(s), start, startRow,
                Ahead.Nothing(b.Data),
                new TileEnd(
                    last ? c : slices.Stack + (waiting - merges) * length, last ? cRow : TTile.Columns,
                    new MergeStack { Count = merges, Top = slices.Stack + (waiting - 1) * length, Length = length }));
        }
    }
}
