using System.CommandLine;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Protocol.Effects;

namespace DistBp.Cli.Verbs;

/// <summary>distbp train: reads the job, runs it with a display, leaves a run's folder.</summary>
internal static class TrainVerb
{
    private const int MaxActors = 1024;

    private static readonly Argument<string?> Job = JobSource.Argument();
    private static readonly Option<string[]> Settings = JobSource.Settings();
    private static readonly Option<int> Workers = Flags.Count("--workers", MaxActors, "Workers in this process; default: one a core.");
    private static readonly Option<int> Servers = Flags.Count(
        "--servers", MaxActors, "Parameter servers in this process; default: one a worker.");
    private static readonly Option<string?> Out = Flags.Text("--out", "DIR", "The run's folder; default: runs/<name>-<time>.");
    private static readonly Option<bool> Resume = Flags.Switch("--resume", "Go on from the newest intact checkpoint in --out.");
    private static readonly Option<string?> Events = Flags.Text(
        "--events", "FILE", "Write events there instead of the run's events.jsonl; - is standard output.");
    private static readonly Option<string?> Config = Flags.Text(
        "--config", "FILE", $"The settings of this machine; default: {MachineSettings.DefaultFile} in the current folder, if there is one.");
    private static readonly Option<bool> Quiet = Flags.Switch("--quiet", "Show errors and warnings only.");

    public static Command Create()
    {
        var verb = new Command("train", "Trains a network.") { Job, Settings, Workers, Servers, Out, Resume, Events, Config, Quiet };
        verb.Validators.Add(result =>
        {
            bool nowhere = Flags.ValueOf(result, Resume) && Flags.ValueOf(result, Out) is null;
            if (nowhere) result.AddError("--resume needs --out: the folder of the run to go on with");
        });
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, """
            distbp train
            distbp train job.yaml --set optimizer.adam.rate=0.01 --set epochs=20
            distbp train job.yaml --workers 4 --servers 2 --out runs/first
            distbp train --resume --out runs/first
            """);
        return verb;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        JobDescription job = ReadJob(parsed);
        TrainingOptions options = ReadOptions(parsed);
        bool quiet = parsed.GetValue(Quiet);
        RunResult result;
        RunLocation location = new();
        using (IProgressDisplay display = ProgressDisplays.Create(quiet, DistBpCommand.IsVerbose(parsed)))
        using (var interruption = new Interruption(display.Tell, display.Abandon))
            result = await TrainingSession.RunAsync(job, options, [location, display], interruption.Token).ConfigureAwait(false);
        if (result.Status != RunStatus.Interrupted) return 0;
        string goOn = $"to go on: distbp train --resume --out {ShellWord.Quote(location.Folder)}";
        if (!quiet) await Console.Error.WriteLineAsync(goOn).ConfigureAwait(false);
        return CommandEdge.Interrupted;
    }

    private static JobDescription ReadJob(ParseResult parsed)
    {
        string[] settings = parsed.GetValue(Settings) ?? [];
        string? file = parsed.GetValue(Job);
        if (file is null && parsed.GetValue(Resume)) file = JobOfRun(parsed.GetValue(Out)!);
        return JobSource.Read(file, settings);
    }

    private static string JobOfRun(string folder)
    {
        string file = new RunPaths(folder).Job;
        if (File.Exists(file)) return file;
        string what = Directory.Exists(folder) ? "there is no run to go on with: no job.yaml" : "there is no such folder";
        throw new UserException(ErrorKind.Usage, what, folder, "check --out, or leave out --resume to start a new run there");
    }

    private static TrainingOptions ReadOptions(ParseResult parsed)
    {
        ClusterConfiguration machine = MachineSettings.Read(parsed.GetValue(Config));
        int workers = parsed.GetValue(Workers);
        return new TrainingOptions
        {
            Workers = workers > 0 ? workers : machine.Node.Workers,
            Servers = parsed.GetValue(Servers),
            OutFolder = parsed.GetValue(Out),
            RunsFolder = machine.Storage.Runs,
            Resume = parsed.GetValue(Resume),
            EventsFile = parsed.GetValue(Events),
        };
    }
}
