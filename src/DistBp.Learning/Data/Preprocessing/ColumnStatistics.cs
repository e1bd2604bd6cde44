namespace DistBp.Learning.Data.Preprocessing;

/// <summary>
/// Mean, standard deviation (population: Σ(x − mean)² / n), minimum and maximum of each feature over the values that are not missing.
/// Sums are double and run over the rows in order, so they have the same bits everywhere.
/// </summary>
internal sealed class ColumnStatistics
{
    private readonly Action<RowAction> _forEachRow;
    private double[]? _deviation;

    public ColumnStatistics(FeatureTable table)
        : this(table.Width, action => ForEachRow(table, action))
    {
    }

    /// <param name="forEachRow">Gives the rows, in order; called again for a second pass.</param>
    public ColumnStatistics(int width, Action<RowAction> forEachRow)
    {
        _forEachRow = forEachRow;
        (Count, Mean, Minimum, Maximum) = (new long[width], new double[width], new double[width], new double[width]);
        Array.Fill(Minimum, double.PositiveInfinity);
        Array.Fill(Maximum, double.NegativeInfinity);
        forEachRow(AddRow);
        for (int j = 0; j < width; j++) Mean[j] /= Count[j];
    }

    public long[] Count { get; }

    /// <summary>NaN where every value is missing.</summary>
    public double[] Mean { get; }

    /// <summary>Takes the second pass, when it is asked for.</summary>
    public double[] Deviation => _deviation ??= Deviations();

    public double[] Minimum { get; }

    public double[] Maximum { get; }

    public bool IsConstant(int column) => !(Maximum[column] > Minimum[column]);

    private static void ForEachRow(FeatureTable table, RowAction action)
    {
        for (int i = 0; i < table.Count; i++) action(table.Row(i));
    }

    private double[] Deviations()
    {
        var squares = new double[Mean.Length];
        _forEachRow(row =>
        {
            for (int j = 0; j < row.Length; j++)
            {
                double difference = row[j] - Mean[j];
                if (!double.IsNaN(difference)) squares[j] += difference * difference;
            }
        });
        for (int j = 0; j < squares.Length; j++) squares[j] = Math.Sqrt(squares[j] / Count[j]);
        return squares;
    }

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
}

/// <summary>What is done with a row of features.</summary>
internal delegate void RowAction(ReadOnlySpan<float> row);
