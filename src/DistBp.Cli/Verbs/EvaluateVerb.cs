using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol.Messages;

namespace DistBp.Cli.Verbs;

/// <summary>distbp evaluate: loss and metrics of a trained network on a part of its job's data.</summary>
internal static class EvaluateVerb
{
    private const int MaxActors = 1024, MaxFolds = 1000, MaxTop = 1_000_000;
    private const int DefaultTop = 5;

    private static readonly Argument<string> Run = new("RUN")
    {
        Description = "The run's folder, or a .safetensors file of parameters (with --job); with --folds a job file.",
    };

    private static readonly Option<string?> Job = Flags.Text("--job", "JOB", "The job file that a .safetensors file belongs to.");
    private static readonly Option<string?> Data = Flags.Word(
        "--data", "PART", "The part of the data (default: test where there is one)", "train", "validation", "test");
    private static readonly Option<int> Workers = Flags.Count("--workers", MaxActors, "Workers in this process; default: one a core.");
    private static readonly Option<int> Top = Flags.Count(
        "--top", MaxTop, "How many most probable classes count for the top-k accuracy; default: 5, where there are more.");
    private static readonly Option<bool> Json = Flags.Switch("--json", "Write JSON.");
    private static readonly Option<int> Folds = Flags.Count(
        "--folds", MaxFolds, "Cross-validate a job: train it so many times, each time without another part of its samples.");

    private static readonly Option<string[]> Settings = JobSource.Settings();
    private static readonly Option<string?> Out = Flags.Text("--out", "DIR", "With --folds: keep the folds' runs there.");

    public static Command Create()
    {
        var verb = new Command("evaluate", "Shows the loss and the metrics of a trained network.")
        {
            Run, Job, Data, Workers, Top, Folds, Settings, Out, Json,
        };
        verb.Validators.Add(result =>
        {
            int folds = Flags.ValueOf(result, Folds);
            if (folds == 1) result.AddError("--folds takes at least 2");
            if (folds == 0 && (Flags.ValueOf(result, Settings)?.Length > 0 || Flags.ValueOf(result, Out) is not null)) result.AddError("--set and --out go with --folds");
            if (folds > 0 && (Flags.ValueOf(result, Job) is not null || Flags.ValueOf(result, Data) is not null)) result.AddError("--job and --data do not go with --folds");
        });
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, """
            distbp evaluate runs/first
            distbp evaluate runs/first --data validation --json
            distbp evaluate parameters.safetensors --job job.yaml
            distbp evaluate job.yaml --folds 5
            """);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        if (parsed.GetValue(Folds) is > 0 and var folds)
        {
            JobDescription job = JobSource.Read(parsed.GetRequiredValue(Run), parsed.GetValue(Settings) ?? []);
            return await FoldsCommand.RunAsync(job, folds, parsed.GetValue(Workers), parsed.GetValue(Out), parsed.GetValue(Json)).ConfigureAwait(false);
        }
        SavedRun run = Open(parsed.GetRequiredValue(Run), parsed.GetValue(Job));
        foreach (string warning in run.Warnings) await Console.Error.WriteLineAsync($"warning: {warning}").ConfigureAwait(false);
        DataPart part = PartOf(run, parsed.GetValue(Data));
        Dataset dataset = run.ReadPart(part);
        // Nothing is lost when it is interrupted: the system's own way of ending a process is good enough.
        int top = parsed.GetValue(Top) is > 0 and int asked ? asked : DefaultTop;
        EvaluationReport report = await EvaluationSession.RunAsync(
            run, part, dataset, parsed.GetValue(Workers), CancellationToken.None, top).ConfigureAwait(false);
        if (parsed.GetValue(Json)) EvaluationJson.Write(report, Console.Out);
        else EvaluationText.Write(report, Console.Out);
        return 0;
    }

    /// <summary>Without --data: what the training has seen least of.</summary>
    private static DataPart PartOf(SavedRun run, string? name) => name switch
    {
        "train" => DataPart.Train,
        "validation" => DataPart.Validation,
        "test" => DataPart.Test,
        _ => run.Has(DataPart.Test) ? DataPart.Test : run.Has(DataPart.Validation) ? DataPart.Validation : DataPart.Train,
    };

    private static SavedRun Open(string path, string? job)
    {
        bool file = File.Exists(path) || (path.EndsWith(".safetensors", StringComparison.OrdinalIgnoreCase) && !Directory.Exists(path));
        if (file && job is null)
        {
            throw new UserException(
                ErrorKind.Usage, "a parameter file does not say which network it belongs to", path, "add --job JOB, or name its run");
        }
        if (!file && job is not null)
            throw new UserException(ErrorKind.Usage, "--job goes with a .safetensors file; a run has its own job", path, "leave out --job");
        return file ? SavedRun.OpenParameters(path, JobFile.Read(job!, [])) : SavedRun.Open(path);
    }
}
