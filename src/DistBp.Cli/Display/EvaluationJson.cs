using System.Text.Encodings.Web;
using System.Text.Json;
using DistBp.Cluster.Runs;
using DistBp.Learning.Metrics;

namespace DistBp.Cli.Display;

/// <summary>
/// An evaluation as one JSON object: {"data", "samples", "loss", "accuracy" (with "perplexity" where each step has a class) or "meanAbsoluteError", "rootMeanSquaredError", "rSquared",
/// "classes", "confusion": rows of what it is, columns of what it was taken for}. What is not a number is null.
/// </summary>
internal static class EvaluationJson
{
    private static readonly JsonWriterOptions Options = new() { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static void Write(EvaluationReport report, TextWriter output)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream, Options))
        {
            json.WriteStartObject();
            json.WriteString("data", report.Part.ToString().ToLowerInvariant());
            json.WriteNumber("samples", report.Samples);
            WriteNumber(json, "loss", report.Values.Loss);
            if (report.Values.Accuracy is { } accuracy) WriteNumber(json, "accuracy", accuracy);
            if (report.Values.Perplexity is { } perplexity) WriteNumber(json, "perplexity", perplexity);
            if (report.Values.MeanAbsoluteError is { } absolute) WriteNumber(json, "meanAbsoluteError", absolute);
            if (report.Values.RootMeanSquaredError is { } squared) WriteNumber(json, "rootMeanSquaredError", squared);
            if (report.Values.RSquared is { } r) WriteNumber(json, "rSquared", r);
            if (report.Confusion is { } confusion) WriteConfusion(json, confusion, report.ClassNames);
            json.WriteEndObject();
        }
        output.WriteLine(System.Text.Encoding.UTF8.GetString(stream.GetBuffer(), 0, (int)stream.Length));
    }

    private static void WriteConfusion(Utf8JsonWriter json, ConfusionMatrix confusion, IReadOnlyList<string>? names)
    {
        json.WriteStartArray("classes");
        for (int i = 0; i < confusion.ClassCount; i++) json.WriteStringValue(names?[i] ?? $"{i}");
        json.WriteEndArray();
        json.WriteStartArray("confusion");
        for (int actual = 0; actual < confusion.ClassCount; actual++)
        {
            json.WriteStartArray();
            for (int predicted = 0; predicted < confusion.ClassCount; predicted++) json.WriteNumberValue(confusion[actual, predicted]);
            json.WriteEndArray();
        }
        json.WriteEndArray();
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
