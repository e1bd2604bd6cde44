using DistBp.Learning.Metrics;
using DistBp.Learning.Schedules;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>What the coordinator needs to know of a job: numbers alone, no data.</summary>
public sealed record TrainingPlan
{
    /// <summary>The most reports that a server keeps.</summary>
    public const int MaxReports = 4096;

    public required int Slices { get; init; }

    /// <summary>So many other servers keep a copy of each shard.</summary>
    public int Replication { get; init; }

    /// <summary>Whether members keep what another coordinator needs to go on with the run.</summary>
    public bool OutlivesCoordinator { get; init; }

    /// <summary>
    /// Where the run is taken over: reports of steps before this version are on the disk. Members that stand beyond it with no reports of what lies between were given up
    /// once, and the run had gone back without them.
    /// </summary>
    public long PersistedBefore { get; init; } = long.MaxValue;

    /// <summary>Whether servers keep the reports of steps until the next stop point.</summary>
    public bool KeepsReports => OutlivesCoordinator || Replication > 0;

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

    /// <summary>
    /// Whether something has to be done at an epoch's end before the next step: an evaluation, or a decision on the rate or on the run's end; or workers that are in different steps
    /// meet there. Else members step on through it, and the epoch is over when its last step is reported.
    /// </summary>
    public bool StopsAtEpochEnds =>
        EvaluationSamples.ContainsKey(DataPart.Validation) || EarlyStopping is not null || Plateau is not null || JudgesEpochs || Consistency is not BspMode;

    /// <summary>
    /// The next version at which the coordinator has something to do: an epoch's end where members stop, a checkpoint, the run's end, or reports that servers need not keep any more.
    /// </summary>
    public long NextStop(long version)
    {
        long next = StopsAtEpochEnds ? (version / StepsPerEpoch + 1) * StepsPerEpoch : TotalSteps;
        if (CheckpointEverySteps > 0) next = Math.Min(next, (version / CheckpointEverySteps + 1) * CheckpointEverySteps);
        if (KeepsReports) next = Math.Min(next, (version / MaxReports + 1) * MaxReports);
        return next;
    }
}
