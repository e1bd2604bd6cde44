namespace DistBp.Cluster.Tuning;

/// <summary>How far the folds of a cross-validation are apart.</summary>
public static class Spread
{
    /// <summary>The standard deviation of a sample: √(Σ(x − x̄)² / (n − 1)); 0 of one value.</summary>
    public static double Of(IReadOnlyList<double> values)
    {
        if (values.Count < 2) return 0;
        double mean = values.Average();
        return Math.Sqrt(values.Sum(v => (v - mean) * (v - mean)) / (values.Count - 1));
    }
}
