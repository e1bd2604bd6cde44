namespace DistBp.Learning.Search;

/// <param name="Rate">The learning rate of the step.</param>
/// <param name="Loss">Mean over the mini-batch, before the update.</param>
/// <param name="Smoothed">The loss without the noise of mini-batches.</param>
public readonly record struct RatePoint(double Rate, double Loss, double Smoothed);

/// <summary>What a range test suggests, and from what.</summary>
/// <param name="Rate">The suggestion.</param>
/// <param name="Rule">"steepest descent" or "a tenth of the rate at the minimum"; "" where the loss never fell and there is none.</param>
/// <param name="Steepest">Where the smoothed loss falls fastest in the logarithm of the rate.</param>
/// <param name="AtMinimum">Where the smoothed loss is least.</param>
public sealed record RateSuggestion(double? Rate, string Rule, double? Steepest, double? AtMinimum);

/// <summary>
/// The learning-rate range test (Smith: "Cyclical Learning Rates for Training Neural Networks", WACV 2017): the rate grows by the same factor at
/// each step, and the loss first falls, then flies off.
/// </summary>
public static class RateCurve
{
    /// <summary>The loss has flown off where its running mean is so many times its least, and above where it began.</summary>
    private const double DivergedFactor = 4;

    private const double RunningWeight = 0.2;
    private const int LeastSteps = 10;

    /// <summary>Falls by less than this share of the loss are noise.</summary>
    private const double LeastFall = 0.02;

    /// <summary>Whether the loss of the last step has flown off.</summary>
    /// <param name="losses">Of all steps so far.</param>
    public static bool HasDiverged(IReadOnlyList<double> losses)
    {
        double running = 0, least = double.PositiveInfinity, first = double.NaN;
        for (int i = 0; i < losses.Count; i++)
        {
            if (!double.IsFinite(losses[i])) return true;
            running = i == 0 ? losses[0] : running + (RunningWeight * (losses[i] - running));
            if (i + 1 < LeastSteps) continue;
            if (double.IsNaN(first)) first = running;
            least = Math.Min(least, running);
        }
        return running > DivergedFactor * least && running > first;
    }

    /// <summary>Each loss as the mean of those about it, weighted by a normal density some steps wide: unlike a running mean, it does not lag.</summary>
    public static IReadOnlyList<RatePoint> Smooth(IReadOnlyList<(double Rate, double Loss)> points)
    {
        double width = Math.Max(1.5, points.Count / 40.0);
        int reach = (int)Math.Ceiling(3 * width);
        double[] weights = [.. Enumerable.Range(0, reach + 1).Select(d => PortableMath.Exp(-0.5 * d * d / (width * width)))];
        var smooth = new RatePoint[points.Count];
        for (int i = 0; i < smooth.Length; i++)
        {
            double sum = 0, weight = 0;
            for (int j = Math.Max(0, i - reach); j <= Math.Min(smooth.Length - 1, i + reach); j++)
            {
                sum += weights[Math.Abs(i - j)] * points[j].Loss;
                weight += weights[Math.Abs(i - j)];
            }
            smooth[i] = new RatePoint(points[i].Rate, points[i].Loss, sum / weight);
        }
        return smooth;
    }

    /// <param name="curve">Of finite losses.</param>
    public static RateSuggestion Suggest(IReadOnlyList<RatePoint> curve)
    {
        if (curve.Count < 3) return new RateSuggestion(null, "", null, null);
        int least = Enumerable.Range(0, curve.Count).MinBy(i => curve[i].Smoothed);
        double start = curve[0].Smoothed;
        if (!(start - curve[least].Smoothed > LeastFall * Math.Abs(start))) return new RateSuggestion(null, "", null, null);
        int steepest = Enumerable.Range(1, Math.Max(1, least - 1)).MinBy(i => curve[i + 1].Smoothed - curve[i - 1].Smoothed);
        // Beyond a tenth of the rate at the minimum, the descent may be steep and is not safe.
        double tenth = curve[least].Rate / 10, rate = curve[steepest].Rate;
        return rate <= tenth
            ? new RateSuggestion(rate, "steepest descent", rate, curve[least].Rate)
            : new RateSuggestion(tenth, "a tenth of the rate at the minimum", rate, curve[least].Rate);
    }
}
