using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Pictures;
using DistBp.Cli.Usage;
using DistBp.Cluster.Tuning;
using DistBp.Learning;

namespace DistBp.Cli.Verbs;

/// <summary>distbp find-rate: trains with a rate that grows from step to step, and shows where the loss falls and where it flies off.</summary>
internal static class FindRateVerb
{
    private const int MaxActors = 1024, MaxSteps = 10_000;
    private const double DefaultFrom = 1e-7, DefaultTo = 10;

    private static readonly Argument<string?> Job = JobSource.Argument();
    private static readonly Option<string[]> Settings = JobSource.Settings();
    private static readonly Option<double?> From = Flags.Number("--from", "RATE", "The first learning rate; default: 1e-7.");
    private static readonly Option<double?> To = Flags.Number("--to", "RATE", "The last learning rate; default: 10.");
    private static readonly Option<int> Steps = Flags.Count("--steps", MaxSteps, "Steps; default: an epoch's, at least 200, at most 1000.");
    private static readonly Option<int> Workers = Flags.Count("--workers", MaxActors, "Workers in this process; default: one a core.");
    private static readonly Option<string?> Output = Flags.Text("--output", "FILE", "Write the curve to a .png or .csv file, too.");
    private static readonly Option<bool> Json = Flags.Switch("--json", "Write JSON instead of the curve.");

    public static Command Create()
    {
        var verb = new Command("find-rate", "Finds a learning rate by a range test, with its curve.")
        {
            Job, Settings, From, To, Steps, Workers, Output, Json,
        };
        verb.Validators.Add(result =>
        {
            double from = Flags.ValueOf(result, From) ?? DefaultFrom, to = Flags.ValueOf(result, To) ?? DefaultTo;
            if (from >= to) result.AddError($"--from ({from:G4}) is not below --to ({to:G4})");
            if (Flags.ValueOf(result, Steps) is > 0 and < 20) result.AddError("--steps takes at least 20: fewer make no curve");
            if (Flags.ValueOf(result, Output) is { Length: > 0 } file && !IsPng(file) && !IsCsv(file))
                result.AddError("--output takes a file that ends in .png or .csv");
        });
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, """
            distbp find-rate
            distbp find-rate job.yaml --output curve.png
            distbp find-rate job.yaml --set optimizer.sgd.momentum=0.9 --from 1e-5 --to 1 --steps 400
            distbp find-rate job.yaml --json
            """);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        Cluster.Configuration.JobDescription job = JobSource.Read(parsed.GetValue(Job), parsed.GetValue(Settings) ?? []);
        RateTestReport report;
        using (var interruption = new Interruption("interrupted: the curve so far; once more to exit at once"))
        {
            report = await RateTest.RunAsync(
                job, parsed.GetValue(From) ?? DefaultFrom, parsed.GetValue(To) ?? DefaultTo, parsed.GetValue(Steps), parsed.GetValue(Workers), [],
                interruption.Token).ConfigureAwait(false);
        }
        if (parsed.GetValue(Json)) RateTestJson.Write(report, Console.Out);
        else RateTestText.Write(report, Console.Out, OutputWidth.OfConsole());
        if (parsed.GetValue(Output) is { } file) Save(report, file);
        return report.Interrupted ? CommandEdge.Interrupted : 0;
    }

    private static void Save(RateTestReport report, string file)
    {
        try
        {
            if (IsCsv(file)) RateTestText.WriteCsv(report, file);
            else if (report.Curve.Count > 0) RateCurvePicture.Draw(report).SavePng(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UserException(ErrorKind.Usage, $"cannot write the curve: {e.Message}", file, "name a file that can be written", e);
        }
        Console.Error.WriteLine($"wrote {file}");
    }

    private static bool IsPng(string file) => file.EndsWith(".png", StringComparison.OrdinalIgnoreCase);

    private static bool IsCsv(string file) => file.EndsWith(".csv", StringComparison.OrdinalIgnoreCase);
}
