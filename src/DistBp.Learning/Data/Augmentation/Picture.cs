namespace DistBp.Learning.Data.Augmentation;

/// <summary>Pixels of a sample: [Planes, Height, Width], row-major.</summary>
internal readonly record struct Picture(int Planes, int Height, int Width)
{
    /// <summary>Null where the shape is not a picture's.</summary>
    public static Picture? Of(TensorShape shape) => shape.Rank switch
    {
        2 => new Picture(1, shape[0], shape[1]),
        3 => new Picture(shape[0], shape[1], shape[2]),
        _ => null,
    };

    /// <summary>Pixel (y, x) becomes what was pixel (y − down, x − right).</summary>
    /// <param name="scratch">As long as the sample.</param>
    public void Shift(Span<float> sample, int down, int right, PictureFill fill, Span<float> scratch)
    {
        if (down == 0 && right == 0) return;
        sample.CopyTo(scratch);
        for (int plane = 0; plane < Planes; plane++)
        {
            for (int y = 0; y < Height; y++)
            {
                Span<float> row = Row(sample, plane, y);
                int from = Inside(y - down, Height, fill);
                if (from < 0) row.Clear();
                else ShiftRow(Row(scratch, plane, from), row, right, fill);
            }
        }
    }

    public void FlipHorizontally(Span<float> sample)
    {
        for (int start = 0; start < sample.Length; start += Width) sample.Slice(start, Width).Reverse();
    }

    /// <param name="scratch">As long as the sample.</param>
    public void FlipVertically(Span<float> sample, Span<float> scratch)
    {
        sample.CopyTo(scratch);
        for (int plane = 0; plane < Planes; plane++)
        {
            for (int y = 0; y < Height; y++) Row(scratch, plane, Height - 1 - y).CopyTo(Row(sample, plane, y));
        }
    }

    private static void ShiftRow(ReadOnlySpan<float> from, Span<float> to, int right, PictureFill fill)
    {
        int kept = to.Length - Math.Abs(right), first = Math.Max(right, 0);
        from.Slice(Math.Max(-right, 0), kept).CopyTo(to[first..]);
        for (int x = 0; x < first; x++) to[x] = Beyond(from, x - right, fill);
        for (int x = first + kept; x < to.Length; x++) to[x] = Beyond(from, x - right, fill);
    }

    private static float Beyond(ReadOnlySpan<float> row, int x, PictureFill fill)
    {
        int inside = Inside(x, row.Length, fill);
        return inside < 0 ? 0 : row[inside];
    }

    /// <summary>The index that stands for one that may lie beyond [0, length), by at most length − 1; −1: zeros.</summary>
    private static int Inside(int index, int length, PictureFill fill)
    {
        if (index >= 0 && index < length) return index;
        return fill switch
        {
            PictureFill.Zeros => -1,
            PictureFill.Edge => Math.Clamp(index, 0, length - 1),
            _ => index < 0 ? -index : 2 * (length - 1) - index,
        };
    }

    private Span<float> Row(Span<float> sample, int plane, int y) => sample.Slice((plane * Height + y) * Width, Width);
}
