using System.Text.Json;
using DistBp.Cluster.Tuning;
using DistBp.Learning.Search;

namespace DistBp.Cli.Display;

/// <summary>
/// A range test as one JSON object: {"job", "optimizer", "suggestion", "rule", "steepestDescent", "minimum", "tenthOfMinimum", "divergedAt",
/// "points": [{"rate", "loss", "smoothedLoss"}]}. What does not exist is null.
/// </summary>
internal static class RateTestJson
{
    public static void Write(RateTestReport report, TextWriter output) => JsonText.Write(output, json =>
    {
        RateSuggestion suggestion = report.Suggestion;
        json.WriteString("job", report.Started.Job.Name);
        json.WriteString("optimizer", report.Started.Job.Optimizer.Kind);
        JsonText.Number(json, "suggestion", suggestion.Rate);
        json.WriteString("rule", suggestion.Rule);
        JsonText.Number(json, "steepestDescent", suggestion.Steepest);
        JsonText.Number(json, "minimum", suggestion.AtMinimum);
        JsonText.Number(json, "tenthOfMinimum", suggestion.AtMinimum / 10);
        JsonText.Number(json, "divergedAt", report.DivergedAt);
        json.WriteStartArray("points");
        foreach (RatePoint point in report.Curve)
        {
            json.WriteStartObject();
            JsonText.Number(json, "rate", point.Rate);
            JsonText.Number(json, "loss", point.Loss);
            JsonText.Number(json, "smoothedLoss", point.Smoothed);
            json.WriteEndObject();
        }
        json.WriteEndArray();
    });
}
