namespace DistBp.Learning.Data.Preprocessing;

/// <summary>
/// Mean, standard deviation (population: Σ(x − mean)² / n), minimum and maximum of each feature over the values that are not missing.
/// Sums are double and run over the rows in order, so they have the same bits everywhere.
/// </summary>
internal sealed class ColumnStatistics
{
    public ColumnStatistics(FeatureTable table)
    {
        int width = table.Width;
        (Count, Mean, Deviation, Minimum, Maximum) = (new int[width], new double[width], new double[width], new double[width],
            new double[width]);
        Array.Fill(Minimum, double.PositiveInfinity);
        Array.Fill(Maximum, double.NegativeInfinity);
        for (int i = 0; i < table.Count; i++) AddRow(table.Row(i));
        for (int j = 0; j < width; j++) Mean[j] /= Count[j];
        for (int i = 0; i < table.Count; i++) AddSquares(table.Row(i));
        for (int j = 0; j < width; j++) Deviation[j] = Math.Sqrt(Deviation[j] / Count[j]);
    }

    public int[] Count { get; }

    /// <summary>NaN where every value is missing.</summary>
    public double[] Mean { get; }

    public double[] Deviation { get; }

    public double[] Minimum { get; }

    public double[] Maximum { get; }

    public bool IsConstant(int column) => !(Maximum[column] > Minimum[column]);

    private void AddRow(ReadOnlySpan<float> row)
    {
        for (int j = 0; j < row.Length; j++)
        {
            float x = row[j];
            if (float.IsNaN(x)) continue;
            Count[j]++;
            Mean[j] += x;
            if (x < Minimum[j]) Minimum[j] = x;
            if (x > Maximum[j]) Maximum[j] = x;
        }
    }

    private void AddSquares(ReadOnlySpan<float> row)
    {
        for (int j = 0; j < row.Length; j++)
        {
            double difference = row[j] - Mean[j];
            if (!double.IsNaN(difference)) Deviation[j] += difference * difference;
        }
    }
}
