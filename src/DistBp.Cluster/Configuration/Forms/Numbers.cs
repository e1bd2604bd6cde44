namespace DistBp.Cluster.Configuration.Forms;

/// <summary>The usual limits of numbers.</summary>
internal static class Numbers
{
    public static readonly NumberForm<double> Any = new("", _ => true, "0.5");

    public static readonly NumberForm<double> Positive = new("above 0", x => x > 0, "0.001");

    public static readonly NumberForm<float> PositiveSingle = new("above 0", x => x > 0, "1");

    public static readonly NumberForm<double> NotNegative = new("of at least 0", x => x >= 0, "0.01");

    public static readonly NumberForm<double> NotZero = new("other than 0", x => x != 0, "255");

    /// <summary>(0, 1).</summary>
    public static readonly NumberForm<double> Fraction = new("above 0 and below 1", x => x is > 0 and < 1, "0.1");

    /// <summary>[0, 1).</summary>
    public static readonly NumberForm<double> Decay = new("of at least 0 and below 1", x => x is >= 0 and < 1, "0.9");

    /// <summary>[0, 1].</summary>
    public static readonly NumberForm<double> Share = new("from 0 to 1", x => x is >= 0 and <= 1, "0.1");

    /// <summary>(0, 1].</summary>
    public static readonly NumberForm<double> Factor = new("above 0 and at most 1", x => x is > 0 and <= 1, "0.5");

    public static CountForm Count(int minimum, int maximum = int.MaxValue, int sample = 10) => new(minimum, maximum, sample);
}
