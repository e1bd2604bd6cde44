using System.Text.Encodings.Web;
using System.Text.Json;
using DistBp.Cluster.Runs;
using DistBp.Learning.Metrics;

namespace DistBp.Cli.Display;

/// <summary>
/// An evaluation as one JSON object: {"data", "samples", "loss", "accuracy" (with "perplexity" where each step has a class) or
/// "meanAbsoluteError", "rootMeanSquaredError", "rSquared", "top" and "topAccuracy" for many classes, "rocAuc" for two, "classes",
/// "confusion": rows of what it is, columns of what it was taken for, "perClass": [{"class", "precision", "recall", "f1", "samples"}],
/// "macro": {"precision", "recall", "f1"}}. What is not a number is null.
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
            if (report.Values.TopAccuracy is { } top)
            {
                json.WriteNumber("top", report.Top);
                WriteNumber(json, "topAccuracy", top);
            }
            if (report.RocArea is { } area) WriteNumber(json, "rocAuc", area);
            if (report.Values.Perplexity is { } perplexity) WriteNumber(json, "perplexity", perplexity);
            if (report.Values.MeanAbsoluteError is { } absolute) WriteNumber(json, "meanAbsoluteError", absolute);
            if (report.Values.RootMeanSquaredError is { } squared) WriteNumber(json, "rootMeanSquaredError", squared);
            if (report.Values.RSquared is { } r) WriteNumber(json, "rSquared", r);
            if (report.Confusion is { } confusion)
            {
                WriteConfusion(json, confusion, report.ClassNames);
                WriteClasses(json, confusion, report.ClassNames);
            }
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

    private static void WriteClasses(Utf8JsonWriter json, ConfusionMatrix confusion, IReadOnlyList<string>? names)
    {
        ClassScores[] classes = [.. Enumerable.Range(0, confusion.ClassCount).Select(c => ClassScores.Of(confusion, c))];
        json.WriteStartArray("perClass");
        for (int i = 0; i < classes.Length; i++)
        {
            json.WriteStartObject();
            json.WriteString("class", names?[i] ?? $"{i}");
            WriteScores(json, classes[i].Precision, classes[i].Recall, classes[i].F1);
            json.WriteNumber("samples", classes[i].Actual);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        var macro = MacroScores.Of(classes);
        json.WriteStartObject("macro");
        WriteScores(json, macro.Precision, macro.Recall, macro.F1);
        json.WriteEndObject();
    }

    private static void WriteScores(Utf8JsonWriter json, double? precision, double? recall, double? f1)
    {
        WriteNumber(json, "precision", precision ?? double.NaN);
        WriteNumber(json, "recall", recall ?? double.NaN);
        WriteNumber(json, "f1", f1 ?? double.NaN);
    }

    private static void WriteNumber(Utf8JsonWriter json, string name, double value)
    {
        if (double.IsFinite(value)) json.WriteNumber(name, value);
        else json.WriteNull(name);
    }
}
