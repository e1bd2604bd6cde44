using DistBp.Cli.Display;
using DistBp.Cluster.Configuration;
using DistBp.Cluster.Tuning;

namespace DistBp.Cli.Verbs;

/// <summary>distbp evaluate JOB --folds K: what a job is worth, rather than what a run is.</summary>
internal static class FoldsCommand
{
    /// <param name="outFolder">Null: the runs of the folds are not kept.</param>
    public static async Task<int> RunAsync(JobDescription job, int folds, int workers, string? outFolder, bool json)
    {
        IReadOnlyList<FoldReport> reports;
        using (var interruption = new Interruption("interrupted: the folds that are over; once more to exit at once"))
        {
            reports = await CrossValidation.RunAsync(job, folds, workers, outFolder, fold =>
                Console.Error.WriteLine($"fold {fold.Fold}/{folds}  {string.Join("  ", FoldsText.Metrics([fold]).Select(m => $"{m.Title} {NumberText.Real(m.Values[0])}"))}"
                    + $"  {NumberText.Duration(TimeSpan.FromSeconds(fold.Training.WallSeconds))}"), interruption.Token).ConfigureAwait(false);
        }
        if (reports.Count > 0 && json) FoldsJson.Write(job.Name, reports, Console.Out);
        else if (reports.Count > 0) FoldsText.Write(reports, Console.Out);
        return reports.Count == folds ? 0 : CommandEdge.Interrupted;
    }
}
