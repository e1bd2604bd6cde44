namespace DistBp.Learning.Search;

/// <summary>The standard normal distribution.</summary>
internal static class Normal
{
    /// <summary>Φ(x) within 7.5e-8: Abramowitz, Stegun, "Handbook of Mathematical Functions", 26.2.17.</summary>
    public static double Cumulative(double x)
    {
        if (x < 0) return 1 - Cumulative(-x);
        double t = 1 / (1 + (0.2316419 * x));
        double polynomial = t * (0.319381530 + (t * (-0.356563782 + (t * (1.781477937 + (t * (-1.821255978 + (t * 1.330274429))))))));
        return 1 - (0.3989422804014327 * PortableMath.Exp(-0.5 * x * x) * polynomial);
    }
}
