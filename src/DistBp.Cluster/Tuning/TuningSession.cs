using System.Globalization;
using System.Text;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Search;

namespace DistBp.Cluster.Tuning;

/// <param name="Folder">Holds trials.jsonl, best-job.yaml and the run of the best trial.</param>
/// <param name="Trials">Those that are over, in the order of their numbers.</param>
/// <param name="Best">Null where none has come to its end.</param>
/// <param name="BestFolder">Of its run, or of the runs of its folds.</param>
public sealed record TuningReport(
    string Job, SearchKind Search, string Folder, string Metric, int Planned, IReadOnlyList<TrialOutcome> Trials, TrialOutcome? Best,
    string? BestFolder, bool Interrupted)
{
    /// <summary>Whole trials by the metric, then those that were pruned, then those without a value.</summary>
    public IReadOnlyList<TrialOutcome> BestFirst() => [.. TrialRanking.BestFirst(Trials, new TuningMetric(Metric))];
}

/// <summary>Hears of a search. Called in the order of trial numbers.</summary>
public interface ITuningObserver
{
    void OnStarted(string job, string folder, int planned, int parallel, int earlier);

    /// <param name="best">So far; null where none has come to its end.</param>
    void OnTrial(TrialOutcome trial, TrialOutcome? best);
}

/// <summary>
/// A search over keys of a job: suggests points, trains a trial for each, some at the same time, and keeps the best. Everything follows from the
/// seed: a trial knows the outcomes of the trials that are LookBack numbers before it or more, and neither fewer nor more of them when others
/// were faster; and its own bits do not depend on how many run beside it.
/// </summary>
public sealed class TuningSession
{
    /// <summary>Up to so many trials at the same time, a search does not depend on how many they are.</summary>
    public const int LeastLookBack = 4;

    private const string BestJob = "best-job.yaml";
    private const int PruneLeastTrials = 5;

    private readonly TuningOptions _options;
    private readonly JobDescription _job;
    private readonly IReadOnlyList<SpaceEntry> _space;
    private readonly TuningMetric _metric;
    private readonly ISearch _search;
    private readonly int _planned;
    private readonly LedgerHeader _header;

    private TuningSession(TuningOptions options)
    {
        _options = options;
        _job = TrialRunner.ReadJob(options, []);
        _space = SpaceFile.Read(options.Space);
        SpaceChecks.RequireValues(options, _space);
        _metric = new TuningMetric(options.Metric);
        SpaceChecks.RequireMetric(_job, _metric, options.Folds);
        int seed = options.Seed ?? _job.Seed;
        SearchParameter[] parameters = [.. _space.Select(e => e.Parameter)];
        _search = options.Search switch
        {
            SearchKind.Grid => SpaceChecks.Grid(_space, seed),
            SearchKind.Random => new RandomSearch(parameters, seed),
            _ => new ParzenSearch(parameters, seed),
        };
        _planned = _search is GridSearch grid ? Math.Min(options.Trials > 0 ? options.Trials : grid.Count, grid.Count) : options.Trials;
        _header = new LedgerHeader(
            options.Search.ToString().ToLowerInvariant(), seed, options.Metric, options.Folds, options.Prunes,
            Math.Max(LeastLookBack, options.Parallel), JobIdentity(_job), string.Join("; ", _space.Select(e => e.Describe())));
    }

    /// <param name="stop">Ends the trials that are under way; those that are over stay.</param>
    /// <exception cref="UserException">Bad job, space, data or folder.</exception>
    public static async Task<TuningReport> RunAsync(TuningOptions options, ITuningObserver observer, CancellationToken stop)
    {
        var session = new TuningSession(options);
        using RunFolder folder = options.Resume ? RunFolder.Resume(options.OutFolder!)
            : options.OutFolder is { } named ? RunFolder.CreateAt(named)
            : RunFolder.CreateNamed(options.RunsFolder, $"tune-{session._job.Name}", TimeProvider.System);
        string path = folder.Paths.Folder;
        using TrialLedger ledger = options.Resume ? TrialLedger.Resume(path, session._header) : TrialLedger.Create(path, session._header);
        return await session.RunAsync(path, ledger, observer, stop).ConfigureAwait(false);
    }

    private async Task<TuningReport> RunAsync(string folder, TrialLedger ledger, ITuningObserver observer, CancellationToken stop)
    {
        // More at the same time than a trial looks back would have to wait for each other.
        int parallel = Math.Min(_options.Parallel, ledger.Header.LookBack);
        int workers = _options.Workers > 0 ? _options.Workers : Math.Max(1, Environment.ProcessorCount / parallel);
        var runner = new TrialRunner(_options, _space, _metric, folder, workers);
        var results = new TrialResults(ledger, _metric, runner, observer, WriteBestJob);
        observer.OnStarted(_job.Name, folder, _planned, parallel, results.Count);
        await RunTrialsAsync(runner, results, ledger.Header.LookBack, parallel, stop).ConfigureAwait(false);
        TrialOutcome? best = results.Best;
        return new TuningReport(
            _job.Name, _options.Search, folder, _metric.Name, _planned, results.InOrder(), best, best is null ? null : runner.FolderOf(best.Trial),
            stop.IsCancellationRequested && results.Count < _planned);

        void WriteBestJob(TrialOutcome outcome)
        {
            string value = outcome.Value!.Value.ToString("G6", CultureInfo.InvariantCulture);
            string text = $"# Trial {outcome.Trial} of a {_header.Search} search: {_metric.Name} {value}\n{JobFile.Write(runner.JobOf(outcome.Point))}";
            DurableFile.Replace(Path.Combine(folder, BestJob), Encoding.UTF8.GetBytes(text));
        }
    }

    private async Task RunTrialsAsync(TrialRunner runner, TrialResults results, int lookBack, int parallel, CancellationToken stop)
    {
        using var abort = CancellationTokenSource.CreateLinkedTokenSource(stop);
        var running = new List<Task<TrialOutcome?>>();
        var points = new List<double[]>();
        int next = 1;
        try
        {
            while (true)
            {
                for (; next <= _planned && running.Count < parallel && results.AreOver(next - lookBack) && !stop.IsCancellationRequested; next++)
                {
                    (int trial, IReadOnlyList<TrialOutcome> known) = (next, results.UpTo(next - lookBack));
                    points.Add(Suggest(trial, known, points));
                    if (results.IsOver(trial)) continue;
                    double[][] earlier = [.. known.Where(t => t.Status is TrialStatus.Completed or TrialStatus.Pruned).Select(t => t.Costs)];
                    running.Add(Task.Run(() => runner.RunAsync(trial, points[trial - 1], Pruning(), earlier, abort.Token), CancellationToken.None));
                }
                if (running.Count == 0) break;
                Task<TrialOutcome?> done = await Task.WhenAny(running).ConfigureAwait(false);
                running.Remove(done);
                if (await done.ConfigureAwait(false) is { } outcome) results.Add(outcome);
            }
        }
        finally
        {
            // After an error of one, the others must not go on writing.
            await abort.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll((IEnumerable<Task>)running).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            results.Flush();
        }
    }

    private double[] Suggest(int trial, IReadOnlyList<TrialOutcome> known, List<double[]> points) => _search.Suggest(
        trial - 1, [.. TrialRanking.BestFirst(known, _metric).Select(t => t.Point)], points[known.Count..])!;

    private MedianPruning? Pruning() => _options.Prunes ? new MedianPruning(PruneLeastTrials, LeastEpochs: Math.Max(1, _job.Epochs / 4)) : null;

    /// <summary>What else than a run's hash decides a trial's outcome: how long it trains.</summary>
    private static string JobIdentity(JobDescription job) =>
        string.Create(CultureInfo.InvariantCulture, $"{JobFile.Hash(job)} {job.Epochs} {job.EarlyStopping}");
}
