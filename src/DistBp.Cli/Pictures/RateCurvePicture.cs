using System.Globalization;
using DistBp.Cli.Display;
using DistBp.Cluster.Tuning;
using DistBp.Learning.Search;

namespace DistBp.Cli.Pictures;

/// <summary>The curve of a range test: losses of the steps pale, the smoothed loss over them, the suggestion as an upright line.</summary>
internal sealed class RateCurvePicture
{
    private const int Width = 960, Height = 600, Left = 110, Right = 30, Top = 50, Bottom = 80;
    private const int LossLines = 5;

    private readonly Canvas _canvas = new(Width, Height);
    private readonly IReadOnlyList<RatePoint> _curve;
    private readonly double _least;
    private readonly double _most;
    private readonly double _first;
    private readonly double _last;

    private RateCurvePicture(IReadOnlyList<RatePoint> curve)
    {
        _curve = curve;
        (double least, double most) = RateChart.LossRange(curve);
        // Room for the single steps, which spread about the mean.
        (_least, _most) = (least - ((most - least) * 0.05), most + ((most - least) * 0.1));
        (_first, _last) = (Math.Log10(curve[0].Rate), Math.Log10(curve[^1].Rate));
    }

    public static Canvas Draw(RateTestReport report)
    {
        var picture = new RateCurvePicture(report.Curve);
        picture.DrawAxes();
        picture.DrawSuggestion(report.Suggestion);
        picture.DrawCurve(point => point.Loss, 1, Ink.Pale);
        picture.DrawCurve(point => point.Smoothed, 3, Ink.Blue);
        return picture._canvas;
    }

    private void DrawAxes()
    {
        for (int power = (int)Math.Ceiling(_first - 1e-9); power <= _last + 1e-9; power++)
        {
            int x = (int)X(Math.Pow(10, power));
            _canvas.Fill(x, Top, 1, Height - Top - Bottom, Ink.Grid);
            string label = string.Create(CultureInfo.InvariantCulture, $"1e{power}");
            _canvas.Text(x - (Canvas.WidthOf(label) / 2), Height - Bottom + 12, label, Ink.Black);
        }
        for (int i = 0; i <= LossLines; i++)
        {
            double loss = _least + ((_most - _least) * i / LossLines);
            int y = (int)Y(loss);
            _canvas.Fill(Left, y, Width - Left - Right, 1, Ink.Grid);
            string label = loss.ToString("G3", CultureInfo.InvariantCulture);
            _canvas.Text(Left - 10 - Canvas.WidthOf(label), y - (Canvas.LineHeight / 2), label, Ink.Black);
        }
        _canvas.Fill(Left, Top, 2, Height - Top - Bottom, Ink.Black);
        _canvas.Fill(Left, Height - Bottom, Width - Left - Right, 2, Ink.Black);
        _canvas.Text(Left, Top - 10 - Canvas.LineHeight, "loss", Ink.Black);
        const string rate = "learning rate";
        _canvas.Text(((Width + Left - Right) / 2) - (Canvas.WidthOf(rate) / 2), Height - 32, rate, Ink.Black);
    }

    private void DrawSuggestion(RateSuggestion suggestion)
    {
        if (suggestion.Rate is not { } rate) return;
        int x = (int)X(rate);
        _canvas.Fill(x - 1, Top, 2, Height - Top - Bottom, Ink.Red);
        string label = $"suggestion: {rate.ToString("G2", CultureInfo.InvariantCulture).ToLowerInvariant()}";
        _canvas.Text(Math.Clamp(x - (Canvas.WidthOf(label) / 2), Left + 80, Width - Right - Canvas.WidthOf(label)), Top - 10 - Canvas.LineHeight, label, Ink.Red);
    }

    private void DrawCurve(Func<RatePoint, double> loss, int thickness, Ink ink)
    {
        for (int i = 1; i < _curve.Count; i++)
        {
            double before = loss(_curve[i - 1]), now = loss(_curve[i]);
            // What leaves the picture upwards is cut off at its edge.
            if (before > _most && now > _most) continue;
            _canvas.Line(X(_curve[i - 1].Rate), Math.Max(Top, Y(before)), X(_curve[i].Rate), Math.Max(Top, Y(now)), thickness, ink);
        }
    }

    private double X(double rate) => Left + ((Math.Log10(rate) - _first) / Math.Max(_last - _first, 1e-12) * (Width - Left - Right - 1));

    private double Y(double loss) => Math.Min(Height - Bottom, Top + ((_most - loss) / (_most - _least) * (Height - Top - Bottom)));
}
