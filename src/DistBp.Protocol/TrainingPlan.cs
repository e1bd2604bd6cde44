using DistBp.Learning.Metrics;
using DistBp.Learning.Schedules;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What the coordinator needs to know of a job: numbers alone, no data.</summary>
public sealed record TrainingPlan
{
    public required int Slices { get; init; }

    /// <summary>Floats of the flat range that a step updates.</summary>
    public required int UpdatedCount { get; init; }

    public required long StepsPerEpoch { get; init; }

    public required int Epochs { get; init; }

    /// <summary>The version that the run starts from: 0, or a checkpoint's.</summary>
    public long StartVersion { get; init; }

    public required TrainingProgress StartProgress { get; init; }

    public required MetricSet Metrics { get; init; }

    /// <summary>Samples of the parts that exist beside the training part.</summary>
    public required IReadOnlyDictionary<DataPart, int> EvaluationSamples { get; init; }

    /// <summary>Parts that are evaluated at the end, in order.</summary>
    public required IReadOnlyList<DataPart> FinalParts { get; init; }

    /// <summary>0: only when the run ends.</summary>
    public int CheckpointEverySteps { get; init; }

    /// <summary>False for a run that only evaluates.</summary>
    public bool WritesCheckpoints { get; init; } = true;

    /// <summary>Whether workers keep residuals, which belong into checkpoints.</summary>
    public bool KeepsResiduals { get; init; }

    /// <summary>Whether workers read rounded parameters while the run goes on.</summary>
    public bool RoundsParameters { get; init; }

    /// <summary>How many steps in a row may be left unapplied because their loss or gradient is not finite.</summary>
    public int MaxSkips { get; init; }

    public ConsistencyMode Consistency { get; init; } = ConsistencyMode.Exact;

    public EarlyStopping? EarlyStopping { get; init; }

    /// <summary>Whether the host is asked at each epoch's end if the run goes on; it answers with <see cref="EpochJudged"/>.</summary>
    public bool JudgesEpochs { get; init; }

    public PlateauSchedule? Plateau { get; init; }

    public long TotalSteps => StepsPerEpoch * Epochs;

    /// <summary>The next version at which the coordinator has something to do: an epoch's end or a checkpoint.</summary>
    public long NextStop(long version)
    {
        long epochEnd = (version / StepsPerEpoch + 1) * StepsPerEpoch;
        if (CheckpointEverySteps <= 0) return epochEnd;
        return Math.Min(epochEnd, (version / CheckpointEverySteps + 1) * CheckpointEverySteps);
    }
}
