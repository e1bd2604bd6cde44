using DistBp.Cluster.Configuration;
using DistBp.Cluster.Runs;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tuning;

/// <param name="Fold">From 1.</param>
/// <param name="Training">How the run ended that was trained on the other folds.</param>
/// <param name="Evaluation">Of the fold's samples.</param>
public sealed record FoldReport(int Fold, RunResult Training, EvaluationReport Evaluation);

/// <summary>
/// Cross-validation: trains the job once a fold on all other folds of its training part, and evaluates each run on the fold that it has not seen,
/// so that every sample is validated exactly once. The test part, if there is one, stays apart; a validation part is not split off.
/// </summary>
public static class CrossValidation
{
    /// <param name="workers">0: one a core.</param>
    /// <param name="outFolder">Gets a run's folder a fold; null: nothing is left behind.</param>
    /// <param name="tell">Hears of each fold when it is over.</param>
    /// <returns>The folds; fewer than asked for where <paramref name="stop"/> ended it.</returns>
    /// <exception cref="UserException">Bad job, data or folder, or the training diverged.</exception>
    public static async Task<IReadOnlyList<FoldReport>> RunAsync(
        JobDescription job, int folds, int workers, string? outFolder, Action<FoldReport> tell, CancellationToken stop)
    {
        string? temporary = outFolder is null ? Directory.CreateTempSubdirectory("distbp-folds-").FullName : null;
        try
        {
            using RunFolder folder = RunFolder.CreateAt(outFolder ?? temporary!);
            var reports = new List<FoldReport>();
            for (int fold = 0; fold < folds; fold++)
            {
                string into = Path.Combine(folder.Paths.Folder, FormattableString.Invariant($"fold-{fold + 1}"));
                if (await RunFoldAsync(job, new Fold(fold, folds), workers, into, stop).ConfigureAwait(false) is not { } report) break;
                reports.Add(report);
                tell(report);
            }
            return reports;
        }
        finally
        {
            if (temporary is not null) Directory.Delete(temporary, recursive: true);
        }
    }

    private static async Task<FoldReport?> RunFoldAsync(JobDescription job, Fold fold, int workers, string into, CancellationToken stop)
    {
        TrainingData data = DataLoader.Load(job.Data with { Test = job.Data.Test as Fraction }, job.Target, job.Seed, job.BaseFolder, fold);
        var variant = new SessionVariant { Data = new TrainingData(data.Train, data.Validation, null, data.Schema), WritesCheckpoints = false };
        RunResult result = await TrainingSession.RunAsync(
            job, new TrainingOptions { Workers = workers, OutFolder = into }, variant, [], stop).ConfigureAwait(false);
        if (result.Status == RunStatus.Interrupted) return null;
        EvaluationReport evaluation = await EvaluationSession.RunAsync(
            SavedRun.Open(into), DataPart.Validation, data.Validation!, workers, CancellationToken.None).ConfigureAwait(false);
        return new FoldReport(fold.Index + 1, result, evaluation);
    }
}
