using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Tuning;

namespace DistBp.Cli.Verbs;

/// <summary>distbp tune: searches keys of a job for the values with which it becomes best.</summary>
internal static class TuneVerb
{
    private const int MaxTrials = 100_000, MaxParallel = 256, MaxFolds = 1000, MaxActors = 1024;

    private static readonly Argument<string?> Job = JobSource.Argument();
    private static readonly Option<string[]> Settings = JobSource.Settings();
    private static readonly Option<string?> Search = Flags.Word("--search", "KIND", "How points are chosen", "grid", "random", "bayesian");
    private static readonly Option<string> Space = Flags.Required(
        "--space", "FILE", "What is searched (YAML): KEY: {uniform: [LOW, HIGH]}, {log: [LOW, HIGH]}, {int: [LOW, HIGH], log: true} or {choice: [VALUE, ...]}.");

    private static readonly Option<int> Trials = Flags.Count("--trials", MaxTrials, "Trainings, or sets of folds; default for grid: the whole grid.");
    private static readonly Option<int> Parallel = Flags.Count("--parallel", MaxParallel, "Trials at the same time; default: 1.");
    private static readonly Option<int> Folds = Flags.Count("--folds", MaxFolds, "Cross-validate each trial with so many folds.");
    private static readonly Option<string?> Metric = Flags.Word("--metric", "METRIC", "What trials are compared by", TuningMetric.Names);
    private static readonly Option<int?> Seed = new("--seed") { Description = "Of the search; default: the job's.", HelpName = "S" };
    private static readonly Option<bool> NoPruning = Flags.Switch("--no-pruning", "Let bad trials train to their end.");
    private static readonly Option<int> Workers = Flags.Count("--workers", MaxActors, "Workers of each trial; default: its share of the cores.");
    private static readonly Option<string?> Out = Flags.Text("--out", "DIR", "The search's folder; default: runs/tune-<name>-<time>.");
    private static readonly Option<bool> Resume = Flags.Switch("--resume", "Go on with the search in --out.");
    private static readonly Option<bool> Json = Flags.Switch("--json", "Write JSON instead of the table.");

    public static Command Create()
    {
        Search.Required = true;
        var verb = new Command("tune", "Searches keys of a job for their best values.")
        {
            Job, Settings, Search, Space, Trials, Parallel, Folds, Metric, Seed, NoPruning, Workers, Out, Resume, Json,
        };
        verb.Validators.Add(result =>
        {
            if (Flags.ValueOf(result, Resume) && Flags.ValueOf(result, Out) is null) result.AddError("--resume needs --out: the folder of the search to go on with");
            if (Flags.ValueOf(result, Trials) == 0 && Flags.ValueOf(result, Search) is "random" or "bayesian") result.AddError("--trials is missing");
            if (Flags.ValueOf(result, Folds) == 1) result.AddError("--folds takes at least 2");
        });
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, """
            distbp tune job.yaml --search bayesian --space space.yaml --trials 40 --out runs/search
            distbp tune job.yaml --search grid --space space.yaml --parallel 2
            distbp tune job.yaml --search random --space space.yaml --trials 20 --folds 5 --metric validationAccuracy
            distbp tune job.yaml --search bayesian --space space.yaml --trials 80 --out runs/search --resume
            distbp train runs/search/best-job.yaml
            """);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        TuningReport report;
        using (var interruption = new Interruption("interrupted: saving the trials that are over; once more to exit at once"))
            report = await TuningSession.RunAsync(Options(parsed), new TuningLines(Console.Error), interruption.Token).ConfigureAwait(false);
        if (parsed.GetValue(Json)) TuningJson.Write(report, Console.Out);
        else TuningText.Write(report, Console.Out);
        if (!report.Interrupted) return 0;
        await Console.Error.WriteLineAsync($"to go on: the same command with --resume --out {ShellWord.Quote(report.Folder)}").ConfigureAwait(false);
        return CommandEdge.Interrupted;
    }

    private static TuningOptions Options(ParseResult parsed)
    {
        SearchKind search = parsed.GetValue(Search) switch
        {
            "grid" => SearchKind.Grid,
            "random" => SearchKind.Random,
            _ => SearchKind.Bayesian,
        };
        string metric = parsed.GetValue(Metric) ?? TuningMetric.Names[0];
        return new TuningOptions(parsed.GetValue(Job), parsed.GetValue(Settings) ?? [], parsed.GetRequiredValue(Space), search, metric)
        {
            Trials = parsed.GetValue(Trials),
            Parallel = Math.Max(1, parsed.GetValue(Parallel)),
            Folds = parsed.GetValue(Folds),
            Seed = parsed.GetValue(Seed),
            Prunes = !parsed.GetValue(NoPruning),
            Workers = parsed.GetValue(Workers),
            OutFolder = parsed.GetValue(Out),
            RunsFolder = MachineSettings.Read(null).Storage.Runs,
            Resume = parsed.GetValue(Resume),
        };
    }
}
