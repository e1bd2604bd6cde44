using System.Globalization;
using DistBp.Learning.Search;

namespace DistBp.Cli.Display;

/// <summary>The smoothed loss over the logarithm of the rate, drawn with characters that every terminal and every pipe has.</summary>
internal sealed class RateChart
{
    private const int LabelWidth = 9;
    private readonly IReadOnlyList<RatePoint> _curve;
    private readonly double? _suggestion;
    private readonly double _first;
    private readonly double _last;

    public RateChart(IReadOnlyList<RatePoint> curve, double? suggestion)
    {
        (_curve, _suggestion) = (curve, suggestion);
        (Least, Most) = LossRange(curve);
        (_first, _last) = (Math.Log10(curve[0].Rate), Math.Log10(curve[^1].Rate));
    }

    /// <summary>The losses that the chart shows.</summary>
    public double Least { get; }

    public double Most { get; }

    /// <summary>The last points fly far above all others: the chart ends where half of what fell has been lost again.</summary>
    public static (double Least, double Most) LossRange(IReadOnlyList<RatePoint> curve)
    {
        double least = curve.Min(p => p.Smoothed), start = curve[0].Smoothed, most = curve.Max(p => p.Smoothed);
        double limit = start > least ? start + ((start - least) / 2) : most;
        most = Math.Min(most, limit);
        return most > least ? (least, most) : (least, least + Math.Max(Math.Abs(least), 1e-6));
    }

    public void Write(TextWriter output, int width, int rows)
    {
        int columns = width - LabelWidth - 2;
        char[][] cells = [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Repeat(' ', columns).ToArray())];
        if (_suggestion is { } rate) foreach (char[] row in cells) row[Column(rate, columns)] = '|';
        DrawCurve(cells, columns);
        output.WriteLine("loss");
        for (int row = 0; row < rows; row++)
        {
            bool labelled = row % 5 == 0 || row == rows - 1;
            string label = labelled ? NumberText.Real(Most - ((Most - Least) * row / (rows - 1))) : "";
            output.WriteLine($"{label,LabelWidth} {(labelled ? '+' : '|')}{new string(cells[row])}".TrimEnd());
        }
        WriteAxis(output, columns);
    }

    private void DrawCurve(char[][] cells, int columns)
    {
        int rows = cells.Length, previous = -1;
        foreach (IGrouping<int, RatePoint> inColumn in _curve.GroupBy(p => Column(p.Rate, columns)))
        {
            double loss = inColumn.Average(p => p.Smoothed);
            int row = (int)Math.Round((Most - loss) / (Most - Least) * (rows - 1));
            if (loss > Most && previous == 0) break;
            row = Math.Clamp(row, 0, rows - 1);
            // A steep piece is a column of marks, so that the curve does not fall apart.
            int from = previous < 0 ? row : row > previous ? previous + 1 : row < previous ? previous - 1 : row;
            for (int r = Math.Min(from, row); r <= Math.Max(from, row); r++) cells[r][inColumn.Key] = '*';
            previous = row;
        }
    }

    private void WriteAxis(TextWriter output, int columns)
    {
        char[] axis = new string('-', columns).ToCharArray(), labels = new string(' ', columns).ToCharArray();
        // One power of ten in so many that the labels do not touch.
        int decades = (int)Math.Floor(_last + 1e-9) - (int)Math.Ceiling(_first - 1e-9) + 1, every = Math.Max(1, (int)Math.Ceiling(decades * 8.0 / columns));
        for (int power = (int)Math.Ceiling(_first - 1e-9); power <= _last + 1e-9; power += every)
        {
            int column = Column(Math.Pow(10, power), columns);
            axis[column] = '+';
            string label = string.Create(CultureInfo.InvariantCulture, $"1e{power}");
            label.CopyTo(0, labels, Math.Min(column, columns - label.Length), label.Length);
        }
        output.WriteLine($"{new string(' ', LabelWidth)} +{new string(axis)}");
        output.WriteLine($"{new string(' ', LabelWidth)}  {new string(labels).TrimEnd()}");
        string mark = _suggestion is { } rate ? $"; | the suggestion, {rate.ToString("G2", CultureInfo.InvariantCulture)}" : "";
        output.WriteLine($"{new string(' ', LabelWidth)}  learning rate (* smoothed loss{mark})");
    }

    private int Column(double rate, int columns) =>
        Math.Clamp((int)Math.Round((Math.Log10(rate) - _first) / Math.Max(_last - _first, 1e-12) * (columns - 1)), 0, columns - 1);
}
