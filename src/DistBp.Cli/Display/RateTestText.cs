using System.Globalization;
using DistBp.Cluster.Tuning;
using DistBp.Learning.Search;

namespace DistBp.Cli.Display;

/// <summary>A range test as text: the curve in plain characters and what it suggests.</summary>
internal static class RateTestText
{
    private const int Rows = 16;

    public static void Write(RateTestReport report, TextWriter output, int width)
    {
        Cluster.Configuration.JobDescription job = report.Started.Job;
        output.WriteLine($"{job.Name}: {RunText.Model(report.Started)}; {job.Optimizer.Kind}, batch {NumberText.Count(job.Batch)}");
        if (report.Curve.Count > 1)
        {
            output.WriteLine();
            new RateChart(report.Curve, report.Suggestion.Rate).Write(output, width, Rows);
            output.WriteLine();
        }
        string steps = NumberText.Count(report.Curve.Count, "step");
        if (report.DivergedAt is { } diverged) output.WriteLine($"the loss flew off at rate {NumberText.Rate(diverged)}, after {steps}");
        else if (report.Interrupted) output.WriteLine($"interrupted after {steps}");
        else output.WriteLine($"the loss did not fly off in {steps} up to rate {NumberText.Rate(report.Curve[^1].Rate)}; --to may be higher");
        WriteSuggestion(report.Suggestion, job.Optimizer.Kind, output);
    }

    public static void WriteCsv(RateTestReport report, string file)
    {
        IEnumerable<string> lines = report.Curve.Select((p, i) => string.Create(CultureInfo.InvariantCulture, $"{i},{p.Rate:R},{p.Loss:R},{p.Smoothed:R}"));
        File.WriteAllText(file, string.Join('\n', lines.Prepend("step,rate,loss,smoothedLoss")) + "\n");
    }

    private static void WriteSuggestion(RateSuggestion suggestion, string optimizer, TextWriter output)
    {
        if (suggestion is not { Rate: { } rate, AtMinimum: { } minimum, Steepest: { } steepest })
        {
            output.WriteLine("no suggestion: the loss does not fall at any of these rates; look at the data, the model and the initialization");
            return;
        }
        output.WriteLine($"steepest descent at {NumberText.Rate(steepest)}; least loss at {NumberText.Rate(minimum)}, "
            + $"a tenth of it is {NumberText.Rate(minimum / 10)}");
        output.WriteLine($"suggestion: {rate.ToString("G2", CultureInfo.InvariantCulture)} ({suggestion.Rule}): "
            + $"--set optimizer.{optimizer}.rate={rate.ToString("G2", CultureInfo.InvariantCulture)}");
    }
}
