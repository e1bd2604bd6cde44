using DistBp.Learning.Metrics;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>Ends a run when a metric has not improved for a while (Prechelt, "Early Stopping — But When?", 1998).</summary>
/// <param name="Part">Whose metric is watched.</param>
/// <param name="OfAccuracy">Accuracy (more is better) rather than loss (less is better).</param>
/// <param name="Patience">Epochs without improvement that are borne.</param>
/// <param name="MinDelta">Smaller changes do not count.</param>
/// <param name="RestoreBest">End with the parameters of the best epoch.</param>
public sealed record EarlyStopping(DataPart Part, bool OfAccuracy, int Patience, double MinDelta, bool RestoreBest)
{
    /// <summary>Whether the epoch is the best so far, whether the run ends after it, and why in words.</summary>
    public (bool Improved, bool Stop, string Reason) Decide(double metric, double best, int epochsSinceBest)
    {
        string name = $"{Part.ToString().ToLowerInvariant()} {(OfAccuracy ? "accuracy" : "loss")}";
        bool improved = double.IsNaN(best) || (OfAccuracy ? metric > best + MinDelta : metric < best - MinDelta);
        if (improved) return (true, false, $"{name} improved to {metric:G5}");
        int since = epochsSinceBest + 1;
        return since >= Patience
            ? (false, true, $"{name} has not improved on {best:G5} for {since} epochs")
            : (false, false, $"{name} has not improved on {best:G5} for {since} of {Patience} epochs");
    }

    public double Metric(MetricValues values) => OfAccuracy ? values.Accuracy ?? double.NaN : values.Loss;
}
