using System.Diagnostics;
using DistBp.Chaos.Links;
using DistBp.Chaos.Processes;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Nodes.Clients;
using DistBp.Tests.Shared;

namespace DistBp.Chaos.Waits;

/// <summary>
/// Whatever somebody waits for, the wait ends: in each phase of a job a peer is killed, frozen or cut off, and the others must step on within a bound.
/// </summary>
internal sealed class WaitTrials : IAsyncDisposable
{
    /// <summary>Until all step on: what a failure detector takes, and a second.</summary>
    public static readonly TimeSpan Bound = ChaosCluster.AcceptablePause + ChaosCluster.HeartbeatInterval + TimeSpan.FromSeconds(1);

    private const int Nodes = 3;

    /// <summary>Steps are counted at the coordinator, who hears of them in bunches.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(1), Patience = TimeSpan.FromSeconds(60), Disturbed = ChaosCluster.AcceptablePause * 2;

    private readonly ChaosFolder _folder;
    private readonly ChaosCluster _cluster;
    private readonly ClusterWatch _watch;
    private readonly CancellationToken _cancellation;
    private readonly string[] _members;
    private readonly string _newcomer;
    private string _job = "";

    private WaitTrials(string? folder, CancellationToken cancellation)
    {
        _folder = new ChaosFolder(folder, wantsDisk: false);
        _cluster = new ChaosCluster(_folder, Nodes + 1, etcd: null, pace: TimeSpan.Zero);
        _watch = new ClusterWatch(_cluster);
        _cancellation = cancellation;
        (_members, _newcomer) = ([.. _cluster.Nodes.Take(Nodes)], _cluster.Nodes[Nodes]);
    }

    /// <exception cref="ChaosException">The cluster did not come to itself again.</exception>
    public static async Task<IReadOnlyList<TrialOutcome>> RunAsync(int seed, int count, string? folder, CancellationToken cancellation)
    {
        await using var trials = new WaitTrials(folder, cancellation);
        var outcomes = new List<TrialOutcome>();
        try
        {
            await trials.BeginAsync();
            foreach (Trial trial in Trial.Draw(seed, count, trials._members, trials._newcomer))
            {
                TrialOutcome outcome = await trials.RunAsync(trial);
                outcomes.Add(outcome);
                Console.Error.WriteLine($"{DateTime.UtcNow:HH:mm:ss.fff} {outcomes.Count}: {outcome}");
                if (outcome.HasJobFailed) break;
            }
            return outcomes;
        }
        finally
        {
            trials._folder.MustStay = (outcomes.Count < count || outcomes.Any(o => !o.IsRight)) && !cancellation.IsCancellationRequested;
            if (trials._folder.MustStay) Console.Error.WriteLine($"logs and runs are kept in {trials._folder.Path}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        _watch.Dispose();
        await _cluster.DisposeAsync();
        _folder.Dispose();
    }

    private async Task BeginAsync()
    {
        foreach (string name in (string[])[.. _cluster.Coordinators, .. _members]) _cluster.Start(name);
        await _watch.UntilAsync(r => _members.All(n => IsActive(r, n)), "all nodes to join", Patience, _cancellation);
        string[] settings = ["epochs=1000000", "slices=8", "checkpoint.everySteps=400", "replication=1"];
        _job = (await _watch.Client.SubmitAsync(JobFile.Embedded(settings), _cancellation)).Job;
        await _watch.UntilAsync(r => Job(r).Step > 0, "the first step", Patience, _cancellation);
    }

    private async Task<TrialOutcome> RunAsync(Trial trial)
    {
        await ReachAsync(trial);
        await Task.Delay(trial.Delay, _cancellation);
        switch (trial.End)
        {
            case PeerEnd.Killed: await _cluster.KillAsync(trial.Victim); break;
            case PeerEnd.Frozen: _cluster[trial.Victim].Signal(ProcessSignal.Stop); break;
            default: _cluster.Network.Set(trial.Victim, new LinkState(Sends: false, Hears: false, TimeSpan.Zero)); break;
        }
        (TimeSpan stall, string error) = await WatchAsync(Disturbed + Bound);
        if (trial.End == PeerEnd.Frozen) _cluster[trial.Victim].Signal(ProcessSignal.Continue);
        else if (trial.End == PeerEnd.CutOff) _cluster.Network.Set(trial.Victim, LinkState.Undisturbed);
        if (error.Length == 0) await HealAsync(trial);
        return new TrialOutcome(trial, stall, error);
    }

    /// <summary>Waits for the phase to begin.</summary>
    private async Task ReachAsync(Trial trial)
    {
        switch (trial.Phase)
        {
            case WaitPhase.Join:
                _cluster.Start(_newcomer);
                break;
            case WaitPhase.Checkpoint:
                using (var written = new FileSystemWatcher(Path.Combine((await JobAsync()).Folder, "checkpoints")))
                {
                    var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                    written.Created += (_, _) => begun.TrySetResult();
                    written.EnableRaisingEvents = true;
                    await begun.Task.WaitAsync(Patience, _cancellation);
                }
                break;
            case WaitPhase.Leave:
                _cluster[trial.Leaver].Signal(ProcessSignal.Terminate);
                break;
        }
    }

    /// <returns>The longest time without a step, and how the job failed.</returns>
    private async Task<(TimeSpan Stall, string Error)> WatchAsync(TimeSpan length)
    {
        var clock = Stopwatch.StartNew();
        TimeSpan last = TimeSpan.Zero, longest = TimeSpan.Zero;
        long step = -1;
        while (clock.Elapsed < length || clock.Elapsed - last > Steady)
        {
            // A cluster that never steps on is waited for to the end of the patience, and counts as that.
            if (clock.Elapsed > length + Patience) return (clock.Elapsed - last, "");
            JobReport job = await JobAsync();
            if (job.State != "running") return (clock.Elapsed - last, job.Error.Length > 0 ? job.Error : job.State);
            if (job.Step != step)
            {
                if (step >= 0 && clock.Elapsed - last > longest) longest = clock.Elapsed - last;
                (step, last) = (job.Step, clock.Elapsed);
            }
            await Task.Delay(Interval, _cancellation);
        }
        return (longest, "");
    }

    /// <summary>All members are there again, and the newcomer is not.</summary>
    private async Task HealAsync(Trial trial)
    {
        if (trial.Phase == WaitPhase.Join) await _cluster.KillAsync(_newcomer);
        long healed = -1;
        await _watch.UntilAsync(
            r =>
            {
                if (Job(r) is { State: not "running" } ended) throw new ChaosException($"the job has ended after {trial}: {ended.State} {ended.Error}");
                foreach (string name in _members.Where(n => _cluster[n].HasEnded)) _cluster.Start(name);
                bool whole = _members.All(n => IsActive(r, n)) && !r.Members.Any(m => m.Name == _newcomer);
                if (!whole) healed = -1;
                else if (healed < 0) healed = Job(r).Step;
                return healed >= 0 && Job(r).Step > healed;
            },
            $"all to be back after {trial}", Patience, _cancellation);
    }

    private async Task<JobReport> JobAsync() => Job(await _watch.UntilAsync(_ => true, "the coordinator's answer", Patience, _cancellation));

    private JobReport Job(ClusterReport report) => report.Jobs.Single(j => j.Id == _job);

    private static bool IsActive(ClusterReport report, string node) => report.Members.Any(m => m.Name == node && m.State == "active");
}
