using System.Globalization;

namespace DistBp.Learning.Search;

/// <summary>
/// One dimension of a search space. A value is a number (of a choice: its index); searches work on its position in [0, 1], which is linear in
/// the value or in its logarithm.
/// </summary>
public abstract record SearchParameter
{
    /// <summary>The value at a position in [0, 1].</summary>
    public abstract double At(double position);

    /// <summary>The position of a value that the parameter may have.</summary>
    public abstract double PositionOf(double value);

    /// <summary>Values from low to high for a grid, at most <paramref name="most"/> where the parameter is not a choice.</summary>
    public abstract IReadOnlyList<double> Grid(int most);

    private protected static double[] Evenly(int count, Func<double, double> at) =>
        count == 1 ? [at(0.5)] : [.. Enumerable.Range(0, count).Select(i => at((double)i / (count - 1)))];
}

/// <summary>A real number in [Low, High]; with <paramref name="IsLog"/>, 0 &lt; Low, its logarithm is uniform.</summary>
public sealed record RealParameter(double Low, double High, bool IsLog) : SearchParameter
{
    /// <summary>Six digits: what a person can copy, and far finer than any search.</summary>
    public override double At(double position)
    {
        double value = IsLog
            ? PortableMath.Exp(PortableMath.Log(Low) + (position * (PortableMath.Log(High) - PortableMath.Log(Low))))
            : Low + (position * (High - Low));
        double rounded = double.Parse(value.ToString("G6", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture);
        return Math.Clamp(rounded, Low, High);
    }

    public override double PositionOf(double value) => Low == High ? 0.5 : IsLog
        ? (PortableMath.Log(value) - PortableMath.Log(Low)) / (PortableMath.Log(High) - PortableMath.Log(Low))
        : (value - Low) / (High - Low);

    public override IReadOnlyList<double> Grid(int most) => Low == High ? [Low] : Evenly(most, At);
}

/// <summary>A whole number in [Low, High]; value v owns [v − ½, v + ½] of the line, so that the ends are as likely as the others.</summary>
public sealed record WholeParameter(int Low, int High, bool IsLog) : SearchParameter
{
    private double First => Scale(Low - 0.5);

    private double Last => Scale(High + 0.5);

    public override double At(double position)
    {
        double scaled = First + (position * (Last - First));
        // Plus 0: no value is written "-0".
        return Math.Clamp(Math.Round(IsLog ? PortableMath.Exp(scaled) : scaled), Low, High) + 0.0;
    }

    public override double PositionOf(double value) => (Scale(value) - First) / (Last - First);

    public override IReadOnlyList<double> Grid(int most)
    {
        double low = Scale(Low), high = Scale(High);
        long count = Math.Min(most, (long)High - Low + 1);
        return [.. Evenly((int)count, p => At((low + (p * (high - low)) - First) / (Last - First))).Distinct()];
    }

    private double Scale(double value) => IsLog ? PortableMath.Log(value) : value;
}

/// <summary>One of some things that have no order.</summary>
public sealed record ChoiceParameter(int Count) : SearchParameter
{
    public override double At(double position) => Math.Min(Math.Floor(position * Count), Count - 1);

    public override double PositionOf(double value) => (value + 0.5) / Count;

    public override IReadOnlyList<double> Grid(int most) => [.. Enumerable.Range(0, Count).Select(i => (double)i)];
}
