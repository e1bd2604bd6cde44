namespace DistBp.Learning.Data.Preprocessing;

/// <summary>A feature on its way through the preprocessing.</summary>
/// <param name="Name">From the header; an index where there is none; "color=red" after oneHot.</param>
/// <param name="Categories">Not null: the values are codes of these words.</param>
internal sealed record FeatureColumn(string Name, CategoryDictionary? Categories = null)
{
    /// <summary>Columns named "0", "1", ….</summary>
    public static FeatureColumn[] Numbered(int count) =>
        [.. Enumerable.Range(0, count).Select(i => new FeatureColumn(i.ToString(System.Globalization.CultureInfo.InvariantCulture)))];
}

/// <summary>Samples as rows of features, row-major [Count, Width]; a missing value is NaN.</summary>
internal sealed record FeatureTable(int Count, FeatureColumn[] Columns, TensorBuffer Values, RowSource Rows)
{
    public int Width => Columns.Length;

    public Span<float> Row(int row) => Values.Span.Slice(row * Width, Width);

    /// <summary>A table of the same rows with other columns, still to be filled.</summary>
    public FeatureTable WithColumns(FeatureColumn[] columns) =>
        new(Count, columns, Allocate(Count, columns.Length, Rows.Path), Rows);

    /// <exception cref="UserException">More than 2^31 − 1 values.</exception>
    public static TensorBuffer Allocate(int count, int width, string path)
    {
        long length = (long)count * width;
        if (length <= Array.MaxLength - 64) return new TensorBuffer((int)length);
        throw new UserException(ErrorKind.Data, $"{count} samples of {width} features are more than 2^31 values.", path, "split the file");
    }
}
