using DistBp.Cluster.Runs;
using DistBp.Cluster.Tuning;
using DistBp.Learning.Metrics;

namespace DistBp.Cli.Display;

/// <summary>A cross-validation as a table: a row a fold, then mean and standard deviation.</summary>
internal static class FoldsText
{
    /// <summary>The metrics that the folds have, by the names of their columns and of their JSON.</summary>
    public static IEnumerable<(string Title, string Key, double[] Values)> Metrics(IReadOnlyList<FoldReport> folds)
    {
        (string Title, string Key, Func<MetricValues, double?> Of)[] all =
        [
            ("loss", "loss", v => v.Loss), ("accuracy", "accuracy", v => v.Accuracy),
            ("mean absolute error", "meanAbsoluteError", v => v.MeanAbsoluteError),
            ("root mean squared error", "rootMeanSquaredError", v => v.RootMeanSquaredError), ("R squared", "rSquared", v => v.RSquared),
        ];
        foreach ((string title, string key, Func<MetricValues, double?> of) in all)
        {
            if (of(folds[0].Evaluation.Values) is null) continue;
            yield return (title, key, [.. folds.Select(f => of(f.Evaluation.Values) ?? double.NaN)]);
        }
    }

    public static void Write(IReadOnlyList<FoldReport> folds, TextWriter output)
    {
        (string Title, string Key, double[] Values)[] metrics = [.. Metrics(folds)];
        List<string[]> rows = [["fold", "samples", "epochs", .. metrics.Select(m => m.Title)]];
        for (int i = 0; i < folds.Count; i++)
        {
            EvaluationReport evaluation = folds[i].Evaluation;
            rows.Add([$"{folds[i].Fold}", NumberText.Count(evaluation.Samples), NumberText.Count(folds[i].Training.Epochs), .. metrics.Select(m => NumberText.Real(m.Values[i]))]);
        }
        rows.Add(["mean", "", "", .. metrics.Select(m => NumberText.Real(m.Values.Average()))]);
        rows.Add(["±", "", "", .. metrics.Select(m => NumberText.Real(Spread.Of(m.Values)))]);
        TextColumns.Write(output, rows, [.. rows[0].Select(_ => true)]);
    }
}
