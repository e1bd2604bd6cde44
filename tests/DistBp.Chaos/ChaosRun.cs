using System.Globalization;
using DistBp.Chaos.Faults;
using DistBp.Chaos.Processes;
using DistBp.Chaos.Reports;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Cluster.Storage;
using DistBp.Tests.Shared;

namespace DistBp.Chaos;

/// <summary>
/// The same job three times: for a while on the undisturbed cluster, which tells its rate; in one process, which tells its bits; and on the cluster under faults.
/// </summary>
internal sealed class ChaosRun
{
    private const long Endless = 1_000_000;
    private const double UndisturbedShare = 0.15;
    private static readonly TimeSpan LeastUndisturbed = TimeSpan.FromSeconds(8), MostUndisturbed = TimeSpan.FromSeconds(60), WarmUp = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly ChaosOptions _options;
    private readonly ChaosFolder _folder;
    private readonly ChaosCluster _cluster;
    private readonly ClusterWatch _watch;
    private readonly CancellationToken _cancellation;
    private readonly List<string> _endedByThemselves = [];

    private ChaosRun(ChaosOptions options, ChaosFolder folder, ChaosCluster cluster, ClusterWatch watch, CancellationToken cancellation) =>
        (_options, _folder, _cluster, _watch, _cancellation) = (options, folder, cluster, watch, cancellation);

    /// <exception cref="ChaosException">The cluster did not recover, or the job failed.</exception>
    public static async Task<ChaosReport> RunAsync(ChaosOptions options, CancellationToken cancellation)
    {
        using var folder = new ChaosFolder(options.Folder, wantsDisk: options.Kinds?.Contains(FaultKind.FullDisk) ?? true);
        await using EtcdMembers? etcd = options.Etcd ? await EtcdMembers.StartAsync(folder["etcd"], EtcdMembers.Usual) : null;
        await using var cluster = new ChaosCluster(folder, options.Nodes, etcd, options.Pace);
        using var watch = new ClusterWatch(cluster);
        var run = new ChaosRun(options, folder, cluster, watch, cancellation);
        bool passed = false;
        try
        {
            ChaosReport report = await run.RunAsync();
            passed = report.Passed;
            return report;
        }
        finally
        {
            folder.MustStay = !passed && !cancellation.IsCancellationRequested;
            if (folder.MustStay) Tell($"logs and runs are kept in {folder.Path}");
        }
    }

    private async Task<ChaosReport> RunAsync()
    {
        foreach (string name in (string[])[.. _cluster.Coordinators, .. _cluster.Nodes]) _cluster.Start(name);
        await _watch.UntilAsync(AllAreThere, "all nodes to join", Patience, _cancellation);
        (double rate, long stepsPerEpoch) = await MeasureAsync();
        long epochs = Math.Max(2, (long)Math.Round(rate * _options.Length.TotalSeconds / stepsPerEpoch));
        string hash = await ReferenceAsync(epochs);
        IReadOnlyList<Fault> schedule = FaultSchedule.Draw(_options.Seed, _options.Faults, Kinds(), _cluster.Nodes, ChaosCluster.AcceptablePause);
        string job = await SubmitAsync(epochs);
        IReadOnlyList<FaultOutcome> outcomes = await DisturbAsync(job, schedule);
        JobReport end = await EndAsync(job, _options.Length * 4 + Patience);
        if (end.Error.Length > 0) throw new ChaosException($"the job failed: {end.Error}");
        (int audited, string audit) = await CommandAsync("audit", "audit", end.Folder);
        return new ChaosReport(
            _options, rate, hash, RunResult.Load(Path.Combine(end.Folder, "result.json")), new RunTimeline(Path.Combine(end.Folder, "events.jsonl")), outcomes,
            audited == 0, LastLine(audit), _endedByThemselves);
    }

    /// <returns>Steps per second of the undisturbed cluster, and steps of an epoch.</returns>
    private async Task<(double Rate, long StepsPerEpoch)> MeasureAsync()
    {
        TimeSpan length = TimeSpan.FromSeconds(Math.Clamp(
            UndisturbedShare * _options.Length.TotalSeconds, LeastUndisturbed.TotalSeconds, MostUndisturbed.TotalSeconds));
        string job = await SubmitAsync(Endless);
        await _watch.UntilAsync(r => Find(r, job).Step > 0, "the undisturbed run's first step", Patience, _cancellation);
        await Task.Delay(WarmUp + length, _cancellation);
        await _watch.Client.CancelAsync(job, _cancellation);
        JobReport end = await EndAsync(job, Patience);
        double rate = new RunTimeline(Path.Combine(end.Folder, "events.jsonl")).StepsPerSecond(WarmUp);
        Tell(string.Create(CultureInfo.InvariantCulture, $"undisturbed: {rate:F1} steps a second"));
        return (rate, end.TotalSteps / end.Epochs);
    }

    private async Task<string> ReferenceAsync(long epochs)
    {
        string[] job = _options.Job is { } file ? ["train", Path.GetFullPath(file)] : ["train"];
        (int code, string told) = await CommandAsync(
            "reference", [.. job, .. Settings(epochs).SelectMany(s => (string[])["--set", s]), "--set", "replication=0", "--quiet", "--out", _folder["reference"]]);
        if (code != 0) throw new ChaosException($"the reference run ended with {code}: {told}");
        return RunResult.Load(Path.Combine(_folder["reference"], "result.json")).WeightsSha256;
    }

    private async Task<IReadOnlyList<FaultOutcome>> DisturbAsync(string job, IReadOnlyList<Fault> schedule)
    {
        var injector = new FaultInjector(_cluster, _folder);
        var outcomes = new List<FaultOutcome>();
        foreach (Fault fault in schedule)
        {
            ClusterReport report = await _watch.UntilAsync(
                r => HasEnded(r, job) || Find(r, job).Step >= fault.At * Math.Max(1, Find(r, job).TotalSteps), $"the step of {fault}", _options.Length + Patience, _cancellation);
            JobReport before = Find(report, job);
            if (IsOver(before)) break;
            Tell($"{fault}, at step {before.Step:N0} of {before.TotalSteps:N0}");
            DateTime begin = DateTime.UtcNow;
            await injector.InjectAsync(fault, report.Coordinator, _cancellation);
            long healed = -1;
            await _watch.UntilAsync(
                r =>
                {
                    RestartEnded();
                    if (HasEnded(r, job)) return true;
                    if (!AllAreThere(r)) healed = -1;
                    else if (healed < 0) healed = Find(r, job).Step;
                    return healed >= 0 && Find(r, job).Step > healed;
                },
                $"all to be back after {fault}", Patience, _cancellation);
            outcomes.Add(new FaultOutcome(fault, begin, DateTime.UtcNow));
        }
        return outcomes;
    }

    /// <summary>As whoever watches over nodes would.</summary>
    private void RestartEnded()
    {
        foreach (string name in _cluster.Nodes.Concat(_cluster.Coordinators).Where(n => _cluster[n].HasEnded))
        {
            string ended = $"{name} by itself, with code {_cluster[name].ExitCode}; see {name}.log";
            Tell($"ended: {ended}");
            _endedByThemselves.Add(ended);
            _cluster.Start(name);
        }
    }

    private FaultKind[] Kinds()
    {
        bool killsCoordinator = _options.KillsCoordinator || _cluster.KeepsState;
        FaultKind[] kinds =
        [
            .. (_options.Kinds ?? [.. FaultKinds.All])
                .Where(k => k != FaultKind.FullDisk || _folder.Disk is not null).Where(k => k != FaultKind.KillCoordinator || killsCoordinator)
                .Where(k => _options.Etcd || !FaultKinds.WantsEtcd(k)),
        ];
        if (_folder.Disk is null) Tell("skipped: full-disk, for only root may mount a small one");
        if (!killsCoordinator) Tell("skipped: kill-coordinator, for this distbp keeps no state of it; --coordinator kills it all the same");
        return kinds.Length > 0 ? kinds : throw new ArgumentException("no kind of fault is left");
    }

    private async Task<string> SubmitAsync(long epochs)
    {
        string[] settings = [.. Settings(epochs), "replication=1"];
        JobDescription job = _options.Job is { } file ? JobFile.Read(Path.GetFullPath(file), settings) : JobFile.Embedded(settings);
        return (await _watch.Client.SubmitAsync(job, _cancellation)).Job;
    }

    /// <summary>Slices for each node, and a checkpoint now and then.</summary>
    private static string[] Settings(long epochs) => [$"epochs={epochs}", "slices=8", "checkpoint.everySteps=500"];

    private async Task<JobReport> EndAsync(string job, TimeSpan patience) =>
        Find(await _watch.UntilAsync(r => HasEnded(r, job), $"the end of {job}", patience, _cancellation), job);

    private async Task<(int Code, string Told)> CommandAsync(string log, params string[] arguments)
    {
        await using CommandProcess process = CommandProcess.Start(_folder.Path, _folder[$"{log}.log"], new Dictionary<string, string>(), arguments);
        await process.WaitAsync(_cancellation);
        return (process.ExitCode, File.Exists(_folder[$"{log}.log"]) ? await File.ReadAllTextAsync(_folder[$"{log}.log"], _cancellation) : "");
    }

    private bool AllAreThere(ClusterReport report) =>
        _cluster.Nodes.All(n => !_cluster[n].HasEnded && report.Members.Any(m => m.Name == n && m.State == "active"));

    private static bool HasEnded(ClusterReport report, string job) => IsOver(Find(report, job));

    private static bool IsOver(JobReport job) => job.State is not ("waiting" or "running");

    private static JobReport Find(ClusterReport report, string job) =>
        report.Jobs.FirstOrDefault(j => j.Id == job) ?? throw new ChaosException($"the cluster has forgotten the job {job}");

    /// <summary>Without its time.</summary>
    private static string LastLine(string log)
    {
        string line = log.TrimEnd().Split('\n')[^1];
        return line[(line.IndexOf(' ') + 1)..];
    }

    private static void Tell(string line) => Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {line}");
}
