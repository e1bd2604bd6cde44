using DistBp.Learning.Metrics;
using DistBp.Learning.Schedules;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What follows from an epoch's figures. Pure: the same progress gives the same answer, with its reason.</summary>
internal static class EpochPolicy
{
    /// <param name="ended">The progress with TrainSums and ValidationSums of the epoch that ended.</param>
    public static (TrainingProgress Progress, bool Improved, string Note) Decide(TrainingPlan plan, TrainingProgress ended)
    {
        TrainingProgress progress = ended with
        {
            EpochsCompleted = ended.EpochsCompleted + 1,
            EpochSums = new double[ended.EpochSums.Count],
        };
        MetricValues train = MetricValues.Of(plan.Metrics, [.. ended.TrainSums!]);
        MetricValues? validation = ended.ValidationSums is null ? null : MetricValues.Of(plan.Metrics, [.. ended.ValidationSums]);
        var notes = new List<string>();
        bool improved = false;
        if (plan.EarlyStopping is { } stopping)
            (progress, improved) = Apply(stopping, progress, stopping.Metric(stopping.Part == DataPart.Train ? train : validation!), notes);
        if (plan.Plateau is { } plateau)
            progress = Apply(plateau, progress, (validation ?? train).Loss, notes);
        return (progress, improved, string.Join("; ", notes));
    }

    private static (TrainingProgress Progress, bool Improved) Apply(
        EarlyStopping stopping, TrainingProgress progress, double metric, List<string> notes)
    {
        (bool improved, bool stop, string reason) = stopping.Decide(metric, progress.BestMetric, progress.EpochsSinceBest);
        if (stop) notes.Add(reason);
        return (improved
            ? progress with
            {
                BestMetric = metric,
                BestEpoch = progress.EpochsCompleted,
                EpochsSinceBest = 0,
                BestTrainSums = progress.TrainSums,
                BestValidationSums = progress.ValidationSums,
            }
            : progress with { EpochsSinceBest = progress.EpochsSinceBest + 1, StoppedEarly = stop }, improved);
    }

    private static TrainingProgress Apply(PlateauSchedule plateau, TrainingProgress progress, double loss, List<string> notes)
    {
        if (double.IsNaN(progress.PlateauBest) || loss < progress.PlateauBest - plateau.MinDelta)
            return progress with { PlateauBest = loss, PlateauEpochs = 0 };
        int epochs = progress.PlateauEpochs + 1;
        if (epochs < plateau.Patience) return progress with { PlateauEpochs = epochs };
        notes.Add($"loss has not improved on {progress.PlateauBest:G5} for {epochs} epochs: the learning rate is multiplied by {plateau.Factor:G5}");
        return progress with { PlateauEpochs = 0, RateFactor = progress.RateFactor * plateau.Factor };
    }
}
