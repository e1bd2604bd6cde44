using System.Globalization;
using DistBp.Cluster.Tuning;

namespace DistBp.Cli.Display;

/// <summary>A search as a table: its trials from the best to the worst, and where the best one is.</summary>
internal static class TuningText
{
    private const int MostRows = 20;
    private const int LongestSetting = 24;

    public static void Write(TuningReport report, TextWriter output)
    {
        if (report.Trials.Count == 0)
        {
            output.WriteLine("no trial is over");
            return;
        }
        IReadOnlyList<TrialOutcome> bestFirst = report.BestFirst();
        string[] paths = [.. report.Trials[0].Settings.Keys];
        List<string[]> rows = [["trial", report.Metric, "epochs", "time", .. paths]];
        foreach (TrialOutcome trial in bestFirst.Take(MostRows))
        {
            rows.Add(
            [
                $"{trial.Trial}", Outcome(trial), NumberText.Count(trial.Epochs), NumberText.Duration(TimeSpan.FromSeconds(trial.Seconds)),
                .. paths.Select(p => Setting(trial.Settings.GetValueOrDefault(p, ""))),
            ]);
        }
        TextColumns.Write(output, rows, [true, false, true, true, .. paths.Select(_ => true)]);
        if (bestFirst.Count > MostRows) output.WriteLine($"and {NumberText.Count(bestFirst.Count - MostRows, "trial")} more, all in {report.Folder}/trials.jsonl");
        foreach (TrialOutcome failed in bestFirst.Where(t => t.Status == TrialStatus.Failed).Take(3))
            output.WriteLine($"trial {failed.Trial} failed: {failed.Reason}");
        output.WriteLine();
        output.WriteLine(Counts(report.Trials));
        if (report.Best is not { } best)
        {
            output.WriteLine("no trial came to its end with a number: there is no best one");
            return;
        }
        output.WriteLine($"best: trial {best.Trial}, {report.Metric} {Outcome(best)}; {report.BestFolder}");
        output.WriteLine($"its job: {Path.Combine(report.Folder, "best-job.yaml")}");
    }

    /// <summary>0.1234, 0.1234 ± 0.01, 0.5 pruned, diverged.</summary>
    public static string Outcome(TrialOutcome trial)
    {
        string value = trial.Value is { } number ? NumberText.Real(number) : "";
        if (trial.Deviation is { } deviation) value += $" ± {NumberText.Real(deviation)}";
        if (trial.Status == TrialStatus.Completed) return value.Length > 0 ? value : "not a number";
        return $"{value} {trial.Status.ToString().ToLowerInvariant()}".TrimStart();
    }

    /// <summary>Four digits of a number, the beginning of a long value.</summary>
    public static string Setting(string yaml)
    {
        bool number = double.TryParse(yaml, NumberStyles.Float, CultureInfo.InvariantCulture, out double value);
        if (number && value != Math.Floor(value)) return NumberText.Rate(value);
        return yaml.Length > LongestSetting ? yaml[..LongestSetting] + "…" : yaml;
    }

    private static string Counts(IReadOnlyList<TrialOutcome> trials)
    {
        IEnumerable<string> parts = Enum.GetValues<TrialStatus>()
            .Select(status => (Status: status, Count: trials.Count(t => t.Status == status)))
            .Where(part => part.Count > 0).Select(part => $"{NumberText.Count(part.Count)} {part.Status.ToString().ToLowerInvariant()}");
        return $"{NumberText.Count(trials.Count, "trial")}: {string.Join(", ", parts)}";
    }
}
