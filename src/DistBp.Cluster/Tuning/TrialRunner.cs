using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Learning.Search;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Tuning;

/// <summary>Trains a job once a trial, or once a fold of each trial, in folders below that of the search.</summary>
/// <param name="workers">Of each trial: they change no bit of it.</param>
internal sealed class TrialRunner(TuningOptions options, IReadOnlyList<SpaceEntry> space, TuningMetric metric, string folder, int workers)
{
    private readonly Lock _loading = new();
    private (JobDescription Job, TrainingData Data)? _loaded;

    public string FolderOf(int trial) => Path.Combine(folder, FormattableString.Invariant($"trial-{trial:D4}"));

    public JobDescription JobOf(double[] point) => ReadJob(options, [.. space.Select((entry, i) => entry.Setting(point[i]))]);

    /// <param name="settings">Over the options' own.</param>
    public static JobDescription ReadJob(TuningOptions options, IReadOnlyList<string> settings)
    {
        string[] all = [.. options.Settings, .. settings];
        return options.Job is null ? JobFile.Embedded(all) : JobFile.Read(options.Job, all);
    }

    /// <param name="trial">From 1.</param>
    /// <param name="earlier">See <see cref="TrialProgress"/>.</param>
    /// <returns>Null where <paramref name="stop"/> ended it.</returns>
    /// <exception cref="UserException">Something is wrong that other settings would not cure: the data, the disk.</exception>
    public async Task<TrialOutcome?> RunAsync(
        int trial, double[] point, MedianPruning? pruning, IReadOnlyList<IReadOnlyList<double>> earlier, CancellationToken stop)
    {
        long begin = TimeProvider.System.GetTimestamp();
        var outcome = new TrialOutcome(
            trial, space.Select((entry, i) => (entry.Path, Text: entry.Text(point[i]))).ToDictionary(s => s.Path, s => s.Text), point,
            TrialStatus.Failed, null, null, null, 0, [], 0, null, null);
        if (!TryPrepare(point, out JobDescription job, out TrainingData? data, out string why)) return outcome with { Reason = why };

        var progress = new TrialProgress(metric, job.Epochs, pruning, earlier);
        RunResult? result = null;
        try
        {
            for (int fold = 0; fold < Math.Max(1, options.Folds) && progress.PruneReason is null; fold++)
            {
                if (options.Folds > 0) data = Load(job, new Fold(fold, options.Folds));
                result = await TrainAsync(job, data!, FolderOf(trial, fold), progress, stop).ConfigureAwait(false);
                if (result.Status == RunStatus.Interrupted) return null;
                if (progress.PruneReason is null) progress.EndFold(metric.Value(result));
            }
            outcome = progress.PruneReason is { } reason
                ? outcome with { Status = TrialStatus.Pruned, Reason = reason, Value = Finite(progress.BestValue) }
                : Completed(outcome, progress.Folds, result!);
        }
        catch (UserException e) when (e.Kind == ErrorKind.Diverged)
        {
            outcome = outcome with { Status = TrialStatus.Diverged, Reason = $"{e.Problems[0].What}, {e.Problems[0].Where}" };
        }
        return outcome with
        {
            Costs = progress.Costs,
            Epochs = progress.EpochsTrained,
            Seconds = TimeProvider.System.GetElapsedTime(begin).TotalSeconds,
        };
    }

    public void Delete(int trial)
    {
        if (Directory.Exists(FolderOf(trial))) Directory.Delete(FolderOf(trial), recursive: true);
    }

    private string FolderOf(int trial, int fold) =>
        options.Folds > 0 ? Path.Combine(FolderOf(trial), FormattableString.Invariant($"fold-{fold + 1}")) : FolderOf(trial);

    /// <summary>Settings may be right one by one and make no job together: that is one trial's failure, and no other's.</summary>
    private bool TryPrepare(double[] point, out JobDescription job, out TrainingData? data, out string why)
    {
        (job, data, why) = (null!, null, "");
        try
        {
            job = JobOf(point);
            TrainingData known = data = Load(job, options.Folds > 0 ? new Fold(0, options.Folds) : null);
            JobNetwork.Build(job, known.Schema);
            if (job.Batch <= known.Train.Count) return true;
            why = $"a mini-batch of {job.Batch} samples is larger than the training part, which has {known.Train.Count}";
        }
        catch (UserException e) when (e.Kind == ErrorKind.Usage)
        {
            why = $"{e.Problems[0].What} ({e.Problems[0].Where})";
        }
        return false;
    }

    /// <summary>The data of the last trial serve the next one where nothing about them differs.</summary>
    private TrainingData Load(JobDescription job, Fold? fold)
    {
        // No peeping: what trials are chosen by must not come from the test part.
        DataDescription description = job.Data with { Test = job.Data.Test as Fraction };
        if (fold is not null) return DataLoader.Load(description, job.Target, job.Seed, job.BaseFolder, fold);
        lock (_loading)
        {
            if (_loaded is not var (of, data) || of.Data != job.Data || of.Target != job.Target || of.Seed != job.Seed)
            {
                data = DataLoader.Load(description, job.Target, job.Seed, job.BaseFolder);
                _loaded = (job, data);
            }
            return data;
        }
    }

    private async Task<RunResult> TrainAsync(JobDescription job, TrainingData data, string into, TrialProgress progress, CancellationToken stop)
    {
        // What an interrupted search has left there.
        if (Directory.Exists(into)) Directory.Delete(into, recursive: true);
        var variant = new SessionVariant
        {
            Data = new TrainingData(data.Train, data.Validation, null, data.Schema),
            WritesCheckpoints = false,
            EndsAfter = progress.OnEpoch,
        };
        var training = new TrainingOptions { Workers = workers, OutFolder = into };
        return await TrainingSession.RunAsync(job, training, variant, [], stop).ConfigureAwait(false);
    }

    private static TrialOutcome Completed(TrialOutcome outcome, IReadOnlyList<double> values, RunResult result)
    {
        double mean = values.Average();
        outcome = outcome with { Status = TrialStatus.Completed, Value = Finite(mean) };
        return values.Count == 1
            ? outcome with { WeightsSha256 = result.WeightsSha256 }
            : outcome with { Folds = [.. values], Deviation = Spread.Of(values) };
    }

    private static double? Finite(double value) => double.IsFinite(value) ? value : null;
}
