using DistBp.Cluster.Configuration;
using DistBp.Learning;
using DistBp.Learning.Search;

namespace DistBp.Cluster.Tuning;

/// <summary>What can be wrong with a search before its first trial.</summary>
internal static class SpaceChecks
{
    private const int MostCombinations = 100_000;

    /// <summary>
    /// The job takes each entry's least and greatest value, and each of its choices: with its own values of the other keys, or with their first or
    /// last ones. What fits some of the others is the trials' affair.
    /// </summary>
    /// <exception cref="UserException">It does not: what it says, at the entry's line.</exception>
    public static void RequireValues(TuningOptions options, IReadOnlyList<SpaceEntry> space)
    {
        var problems = new List<Problem>();
        foreach (SpaceEntry entry in space)
        {
            SpaceEntry[] others = [.. space.Where(other => other != entry)];
            string[][] beside = [[], [.. others.Select(o => o.Setting(o.Extremes().First()))], [.. others.Select(o => o.Setting(o.Extremes().Last()))]];
            foreach (double value in entry.Extremes())
            {
                Problem?[] wrong = [.. beside.Select(settings => Refusal(options, [.. settings, entry.Setting(value)]))];
                if (Array.Exists(wrong, problem => problem is null)) continue;
                problems.Add(new Problem(wrong[0]!.What, $"{entry.Where} {entry.Path}, value {entry.Text(value)}", wrong[0]!.Remedy));
                break;
            }
        }
        if (problems.Count > 0) throw new UserException(ErrorKind.Usage, problems);
    }

    /// <summary>Null: the settings make a job.</summary>
    private static Problem? Refusal(TuningOptions options, string[] settings)
    {
        try
        {
            TrialRunner.ReadJob(options, settings);
            return null;
        }
        catch (UserException e) when (e.Kind == ErrorKind.Usage)
        {
            return e.Problems[0];
        }
    }

    public static void RequireMetric(JobDescription job, TuningMetric metric, int folds)
    {
        if (metric.OfAccuracy && job.Target is not (Learning.Data.TargetKind.Classes or Learning.Data.TargetKind.Binary))
        {
            throw new UserException(ErrorKind.Usage, $"{metric.Name} is for classes, and the loss of the job is for values", "--metric",
                "choose validationLoss or trainLoss");
        }
        if (!metric.OfValidation || folds > 0 || job.Data.Validation is not null) return;
        throw new UserException(ErrorKind.Usage, $"the job has no validation data for {metric.Name}", "data.validation",
            "split some off with --set data.validation=0.2, or cross-validate with --folds 5");
    }

    public static GridSearch Grid(IReadOnlyList<SpaceEntry> space, int seed)
    {
        double combinations = space.Aggregate(1.0, (count, e) => count * e.Parameter.Grid(e.GridPoints).Count);
        if (combinations <= MostCombinations) return new GridSearch([.. space.Select(e => e.Parameter)], [.. space.Select(e => e.GridPoints)], seed);
        throw new UserException(ErrorKind.Usage, $"the grid has {combinations:N0} points, more than {MostCombinations:N0}", space[0].Where,
            "give fewer points to each key ({…, points: 3}), or choose --search random or bayesian");
    }
}
