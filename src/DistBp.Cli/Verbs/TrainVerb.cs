using System.CommandLine;
using System.CommandLine.Parsing;
using DistBp.Cli.Display;
using DistBp.Cli.Usage;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Nodes.Processes;
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
    private static readonly Option<int> Processes = Flags.Count(
        "--processes", LocalProcesses.MaxProcesses, "Node processes on this machine, one worker and one server each, instead of one process.");
    private static readonly Option<ClusterChoice?> Cluster = ClusterFlags.Cluster();
    private static readonly Option<bool> Detach = Flags.Switch("--detach", "With --cluster: write the job's id and do not wait for its end.");
    private static readonly Option<string?> Out = Flags.Text("--out", "DIR", "The run's folder; default: runs/<name>-<time>.");
    private static readonly Option<bool> Resume = Flags.Switch("--resume", "Go on from the newest intact checkpoint in --out.");
    private static readonly Option<string?> Events = Flags.Text(
        "--events", "FILE", "Write events there instead of the run's events.jsonl; - is standard output.");
    private static readonly Option<string?> Config = ClusterFlags.Config();
    private static readonly Option<bool> Quiet = Flags.Switch("--quiet", "Show errors and warnings only.");

    public static Command Create()
    {
        var verb = new Command("train", "Trains a network.")
        {
            Job, Settings, Workers, Servers, Processes, Cluster, Detach, Out, Resume, Events, Config, Quiet,
        };
        verb.Validators.Add(result =>
        {
            bool nowhere = Flags.ValueOf(result, Resume) && Flags.ValueOf(result, Out) is null;
            if (nowhere) result.AddError("--resume needs --out: the folder of the run to go on with");
            if (Contradiction(result) is { } contradiction) result.AddError(contradiction);
        });
        verb.SetAction((parsed, _) => RunAsync(parsed));
        HelpPage.AddExamples(verb, """
            distbp train
            distbp train job.yaml --set optimizer.adam.rate=0.01 --set epochs=20
            distbp train job.yaml --workers 4 --servers 2 --out runs/first
            distbp train --resume --out runs/first
            distbp train job.yaml --processes 2
            distbp train job.yaml --cluster 127.0.0.1:5600 --out runs/first
            """);
        return verb;
    }

    /// <summary>Where the job runs is said once.</summary>
    private static string? Contradiction(CommandResult result)
    {
        bool actors = Flags.ValueOf(result, Workers) > 0 || Flags.ValueOf(result, Servers) > 0;
        bool processes = Flags.ValueOf(result, Processes) > 0, cluster = Flags.ValueOf(result, Cluster) is not null;
        if (cluster && processes) return "--cluster and --processes are two places to run in: choose one";
        if (cluster && actors) return "--workers and --servers are for a run in this process: a cluster's nodes bring their own";
        if (processes && actors) return "--workers and --servers are for a run in one process: each of --processes has one of each";
        if (cluster && Flags.ValueOf(result, Resume)) return "--resume is for a run on this machine: a cluster's run is resumed on its coordinator's node";
        if (!Flags.ValueOf(result, Detach)) return null;
        if (!cluster) return "--detach needs --cluster: who else would go on?";
        if (Flags.ValueOf(result, Out) is not null) return "--detach and --out do not go together: a run is fetched at its end";
        return Flags.ValueOf(result, Events) is null ? null : "--detach and --events do not go together: events are written while they come";
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        JobDescription job = ReadJob(parsed);
        bool quiet = parsed.GetValue(Quiet);
        if (parsed.GetValue(Cluster) is { } cluster) return await RunAsync(parsed, job, cluster, quiet).ConfigureAwait(false);
        RunResult result;
        RunLocation location = new();
        using (IProgressDisplay display = CreateDisplay(parsed))
        using (var interruption = new Interruption(display.Tell, display.Abandon))
            result = await TrainAsync(parsed, job, location, display, interruption.Token).ConfigureAwait(false);
        if (result.Status != RunStatus.Interrupted) return 0;
        string goOn = $"to go on: distbp train --resume --out {ShellWord.Quote(location.Folder)}";
        if (!quiet) await Console.Error.WriteLineAsync(goOn).ConfigureAwait(false);
        return CommandEdge.Interrupted;
    }

    private static async Task<int> RunAsync(ParseResult parsed, JobDescription job, ClusterChoice cluster, bool quiet)
    {
        using ClusterClient client = ClusterFlags.Connect(cluster, parsed.GetValue(Config));
        var training = new ClusterTraining(client, cluster, parsed.GetValue(Out), parsed.GetValue(Events));
        return await (parsed.GetValue(Detach) ? training.SubmitAsync(job) : training.RunAsync(job, quiet, () => CreateDisplay(parsed))).ConfigureAwait(false);
    }

    private static Task<RunResult> TrainAsync(
        ParseResult parsed, JobDescription job, RunLocation location, IProgressDisplay display, CancellationToken stop)
    {
        TrainingOptions options = ReadOptions(parsed);
        int processes = parsed.GetValue(Processes);
        if (processes == 0) return TrainingSession.RunAsync(job, options, [location, display], stop);
        string? config = MachineSettings.FileOf(parsed.GetValue(Config));
        string[] node = [.. OwnCommand.Words(), "node", .. config is null ? (string[])[] : ["--config", config]];
        return LocalProcesses.TrainAsync(
            job, options, MachineSettings.Read(config), processes, node, [location, display], display.Tell, stop);
    }

    private static IProgressDisplay CreateDisplay(ParseResult parsed) =>
        ProgressDisplays.Create(parsed.GetValue(Quiet), DistBpCommand.IsVerbose(parsed));

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
