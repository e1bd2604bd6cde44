using DistBp.Cluster.Tuning;

namespace DistBp.Cli.Display;

/// <summary>
/// A cross-validation as one JSON object: {"job", "folds": [{"fold", "samples", "epochs", "loss", "accuracy" or the errors of values,
/// "weightsSha256"}], "mean": {the metrics}, "deviation": {the metrics}}.
/// </summary>
internal static class FoldsJson
{
    public static void Write(string job, IReadOnlyList<FoldReport> folds, TextWriter output) => JsonText.Write(output, json =>
    {
        (string Title, string Key, double[] Values)[] metrics = [.. FoldsText.Metrics(folds)];
        json.WriteString("job", job);
        json.WriteStartArray("folds");
        for (int i = 0; i < folds.Count; i++)
        {
            json.WriteStartObject();
            json.WriteNumber("fold", folds[i].Fold);
            json.WriteNumber("samples", folds[i].Evaluation.Samples);
            json.WriteNumber("epochs", folds[i].Training.Epochs);
            foreach ((_, string key, double[] values) in metrics) JsonText.Number(json, key, values[i]);
            json.WriteString("weightsSha256", folds[i].Training.WeightsSha256);
            json.WriteEndObject();
        }
        json.WriteEndArray();
        json.WriteStartObject("mean");
        foreach ((_, string key, double[] values) in metrics) JsonText.Number(json, key, values.Average());
        json.WriteEndObject();
        json.WriteStartObject("deviation");
        foreach ((_, string key, double[] values) in metrics) JsonText.Number(json, key, Spread.Of(values));
        json.WriteEndObject();
    });
}
