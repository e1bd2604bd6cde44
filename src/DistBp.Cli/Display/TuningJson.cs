using System.Text.Json;
using DistBp.Cluster.Tuning;

namespace DistBp.Cli.Display;

/// <summary>
/// A search as one JSON object: {"job", "search", "metric", "folder", "planned", "interrupted", "best": a trial or null, "bestFolder", "bestJob",
/// "trials": [{"trial", "status", "value", "deviation", "folds", "epochs", "seconds", "settings", "reason"}] in the order of their numbers}.
/// </summary>
internal static class TuningJson
{
    public static void Write(TuningReport report, TextWriter output) => JsonText.Write(output, json =>
    {
        json.WriteString("job", report.Job);
        json.WriteString("search", report.Search.ToString().ToLowerInvariant());
        json.WriteString("metric", report.Metric);
        json.WriteString("folder", report.Folder);
        json.WriteNumber("planned", report.Planned);
        json.WriteBoolean("interrupted", report.Interrupted);
        json.WritePropertyName("best");
        if (report.Best is { } best) WriteTrial(json, best);
        else json.WriteNullValue();
        json.WriteString("bestFolder", report.BestFolder);
        json.WriteString("bestJob", report.Best is null ? null : Path.Combine(report.Folder, "best-job.yaml"));
        json.WriteStartArray("trials");
        foreach (TrialOutcome trial in report.Trials) WriteTrial(json, trial);
        json.WriteEndArray();
    });

    private static void WriteTrial(Utf8JsonWriter json, TrialOutcome trial)
    {
        json.WriteStartObject();
        json.WriteNumber("trial", trial.Trial);
        json.WriteString("status", trial.Status.ToString().ToLowerInvariant());
        JsonText.Number(json, "value", trial.Value);
        if (trial.Folds is { } folds)
        {
            JsonText.Number(json, "deviation", trial.Deviation);
            json.WriteStartArray("folds");
            foreach (double fold in folds) json.WriteNumberValue(fold);
            json.WriteEndArray();
        }
        json.WriteNumber("epochs", trial.Epochs);
        json.WriteNumber("seconds", trial.Seconds);
        json.WriteStartObject("settings");
        foreach ((string path, string value) in trial.Settings) json.WriteString(path, value);
        json.WriteEndObject();
        if (trial.Reason is { } reason) json.WriteString("reason", reason);
        json.WriteEndObject();
    }
}
