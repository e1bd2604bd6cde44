using DistBp.Cluster.Runs;
using DistBp.Learning.Metrics;

namespace DistBp.Cli.Display;

/// <summary>
/// An evaluation as text: the metrics, and for classes who was taken for whom, with precision, recall and F1 of each class.
/// </summary>
internal static class EvaluationText
{
    public static void Write(EvaluationReport report, TextWriter output)
    {
        List<string[]> rows =
        [
            ["data", $"{report.Part.ToString().ToLowerInvariant()}, {NumberText.Count(report.Samples, "sample")}"],
            ["loss", NumberText.Real(report.Values.Loss)],
        ];
        if (report.Values.Accuracy is { } accuracy) rows.Add(["accuracy", NumberText.Accuracy(accuracy)]);
        if (report.Values.TopAccuracy is { } top) rows.Add([$"top {report.Top} accuracy", NumberText.Accuracy(top)]);
        if (report.RocArea is { } area) rows.Add(["ROC AUC", NumberText.Accuracy(area)]);
        if (report.Values.Perplexity is { } perplexity) rows.Add(["perplexity", NumberText.Real(perplexity)]);
        if (report.Values.MeanAbsoluteError is { } absolute) rows.Add(["mean absolute error", NumberText.Real(absolute)]);
        if (report.Values.RootMeanSquaredError is { } squared) rows.Add(["root mean squared error", NumberText.Real(squared)]);
        if (report.Values.RSquared is { } r) rows.Add(["R squared", NumberText.Real(r)]);
        TextColumns.Write(output, rows, [false, false]);
        if (report.Confusion is not { } confusion) return;
        ClassScores[] scores = [.. Enumerable.Range(0, confusion.ClassCount).Select(c => ClassScores.Of(confusion, c))];
        string[] names = [.. scores.Select((_, i) => report.ClassNames is { } known ? known[i] : $"{i}")];
        WriteConfusion(output, confusion, scores, names);
        WriteScores(output, scores, names);
    }

    private static void WriteConfusion(TextWriter output, ConfusionMatrix confusion, ClassScores[] scores, string[] names)
    {
        output.WriteLine();
        output.WriteLine("confusion matrix (rows: what it is; columns: what it was taken for)");
        string[] header = ["", .. names, "total"];
        List<string[]> rows = [header];
        for (int actual = 0; actual < names.Length; actual++)
        {
            IEnumerable<string> counts = names.Select((_, predicted) => NumberText.Count(confusion[actual, predicted]));
            rows.Add([names[actual], .. counts, NumberText.Count(scores[actual].Actual)]);
        }
        rows.Add(["total", .. scores.Select(s => NumberText.Count(s.Predicted)), NumberText.Count(scores.Sum(s => s.Actual))]);
        TextColumns.Write(output, rows, [.. header.Select((_, column) => column > 0)], "  ");
    }

    private static void WriteScores(TextWriter output, ClassScores[] scores, string[] names)
    {
        output.WriteLine();
        List<string[]> rows = [["class", "precision", "recall", "F1", "samples"]];
        foreach ((string name, ClassScores score) in names.Zip(scores))
            rows.Add([name, Share(score.Precision), Share(score.Recall), Share(score.F1), NumberText.Count(score.Actual)]);
        var macro = MacroScores.Of(scores);
        rows.Add(["mean", Share(macro.Precision), Share(macro.Recall), Share(macro.F1), NumberText.Count(scores.Sum(s => s.Actual))]);
        TextColumns.Write(output, rows, [false, true, true, true, true], "  ");
    }

    private static string Share(double? value) => value is { } number ? NumberText.Accuracy(number) : "-";
}
