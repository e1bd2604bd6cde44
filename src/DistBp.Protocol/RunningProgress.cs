using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>The progress while steps are reported. What each adds is counted in place, so that nothing is allocated in a step.</summary>
internal sealed class RunningProgress(TrainingPlan plan, TrainingProgress start)
{
    private readonly double[] _epochSums = [.. start.EpochSums];

    /// <summary>All of it but what steps count: that is as of <see cref="Snapshot"/>.</summary>
    public TrainingProgress Progress { get; set; } = start;

    public long ClippedSteps { get; private set; } = start.ClippedSteps;

    public long SkippedSteps { get; private set; } = start.SkippedSteps;

    /// <param name="report">Of the next step: as of <see cref="ReportLog"/>.</param>
    /// <returns>Whether the epoch is over with it, where members do not stop for that.</returns>
    public bool Add(MemberMessage report)
    {
        if (report is StepCommitted committed)
        {
            ReadOnlySpan<double> sums = committed.Sums.Span;
            for (int i = 0; i < _epochSums.Length; i++) _epochSums[i] += sums[i];
            if (committed.Clipped) ClippedSteps++;
        }
        else
        {
            SkippedSteps++;
        }
        return !plan.StopsAtEpochEnds && (ReportLog.StepOf(report) + 1) % plan.StepsPerEpoch == 0;
    }

    /// <returns>Whether it is the best epoch so far, and what was decided in words.</returns>
    public (bool Improved, string Note) EndEpoch(IReadOnlyList<double>? validationSums)
    {
        (Progress, bool improved, string note) =
            EpochPolicy.Decide(plan, Progress with { TrainSums = [.. _epochSums], ValidationSums = validationSums });
        Array.Clear(_epochSums);
        return (improved, note);
    }

    /// <summary>With all that was counted so far.</summary>
    public TrainingProgress Snapshot() => Progress with { EpochSums = [.. _epochSums], ClippedSteps = ClippedSteps, SkippedSteps = SkippedSteps };
}
