using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>
/// The coordinator's part that knows how far the run is: counts steps, each once, by their reports, and epochs by what their steps gave; and sets the course, what the run goes on from at
/// a stop point.
/// </summary>
internal sealed class Tally(TrainingPlan plan)
{
    /// <summary>From the course on.</summary>
    private readonly ReportLog _reports = new();
    private RunningProgress _running = new(plan, plan.StartProgress);
    private long _lostSteps;

    /// <summary>The newest at which all members stood, or stand.</summary>
    public long Version { get; set; } = plan.StartVersion;

    public Course Course { get; private set; } = new(plan.StartVersion, plan.StartProgress, AtStop: false);

    /// <summary>For servers, where somebody may need it.</summary>
    public Course? CourseToKeep => plan.OutlivesCoordinator ? Course : null;

    /// <summary>As of the last epoch's end, or of the stop point after it.</summary>
    public TrainingProgress Progress => _running.Progress;

    /// <summary>Reports of steps before this one have come; one that comes again says nothing new.</summary>
    public long Reported { get; private set; } = plan.StartVersion;

    /// <summary>The newest version with a step behind it that was applied, as far as is known.</summary>
    public long Committed { get; private set; } = plan.StartVersion;

    /// <summary>Whether all steps are made that are to be made.</summary>
    public bool IsFinished => Progress.StoppedEarly || Version >= plan.TotalSteps;

    /// <summary>Whether the run ends with the parameters of the best epoch so far.</summary>
    public bool RestoresBest => plan.EarlyStopping is { RestoreBest: true } && Progress.BestEpoch > 0;

    /// <summary>As it stood at a stop point.</summary>
    public void Resume(Course course)
    {
        Course = course;
        _running = new RunningProgress(plan, course.Progress);
        Version = Committed = Reported = course.From;
        _reports.DropFrom(0);
    }

    /// <summary>Committed steps from there on are made again.</summary>
    public void Lose(long from) => _lostSteps += Math.Max(0, Committed - from);

    /// <summary>Somebody has committed <paramref name="version"/>, with whatever reports.</summary>
    public void Hear(long version) => Committed = Math.Max(Committed, version);

    /// <summary>Where members do not stop for it, an epoch is over with its last step's report: reports come once each and in order, whatever members do meanwhile.</summary>
    /// <param name="report">As of <see cref="ReportLog"/>.</param>
    /// <returns>False: it has come before.</returns>
    public bool Count(MemberMessage report, EffectList effects)
    {
        long step = ReportLog.StepOf(report);
        if (step < Reported) return false;
        Reported = step + 1;
        if (plan.KeepsReports) _reports.Add(report);
        bool isOver = _running.Add(report);
        if (report is StepCommitted committed)
        {
            Committed = Reported;
            effects.Perform(new ReportStep(committed, Progress.RateFactor));
        }
        else
        {
            effects.Perform(new ReportSkip(step, ((StepSkipped)report).Segment, _running.SkippedSteps) { Generation = report.Generation });
        }
        if (isOver) EndEpoch(null, effects);
        return true;
    }

    /// <returns>Whether it is the best epoch so far.</returns>
    public bool EndEpoch(IReadOnlyList<double>? validationSums, EffectList effects)
    {
        (bool improved, string note) = _running.EndEpoch(validationSums);
        effects.Perform(new ReportEpoch(Progress.EpochsCompleted, Progress.TrainSums!, validationSums, note));
        return improved;
    }

    /// <summary>The host has judged the epoch: the run ends after it.</summary>
    public void StopEarly() => _running.Progress = Progress with { StoppedEarly = true };

    /// <param name="atStop">As of <see cref="Course"/>.</param>
    public void SetCourse(bool atStop, EffectList effects)
    {
        Course = new Course(Version, plan.KeepsReports && Reported > Version ? ProgressAtVersion() : _running.Snapshot(), atStop);
        _reports.DropBefore(Version);
        if (plan.OutlivesCoordinator) effects.Perform(new PersistReports(Version));
    }

    /// <summary>All have stopped at the version.</summary>
    public void Stop(EffectList effects)
    {
        SetCourse(atStop: true, effects);
        _running.Progress = Course.Progress;
    }

    /// <summary>How the run ends here.</summary>
    public RunOutcome Outcome(IReadOnlyDictionary<DataPart, IReadOnlyList<double>> finalSums)
    {
        RunStatus status = !IsFinished ? RunStatus.Interrupted : Progress.StoppedEarly ? RunStatus.StoppedEarly : RunStatus.Completed;
        bool best = IsFinished && RestoresBest;
        return new RunOutcome(
            status, Version, Progress.EpochsCompleted, Progress.BestEpoch, best ? Progress.BestTrainSums : Progress.TrainSums,
            best ? Progress.BestValidationSums : Progress.ValidationSums, finalSums)
        {
            ClippedSteps = _running.ClippedSteps,
            SkippedSteps = _running.SkippedSteps,
            LostSteps = _lostSteps,
        };
    }

    /// <summary>
    /// A lead server may have reported a step and died before anybody else made it: it is made again, by who goes on from here too, and must be in the sums once. Where it was its
    /// epoch's last one, the epoch was told of, and ends once more for who takes over.
    /// </summary>
    private TrainingProgress ProgressAtVersion()
    {
        var before = new RunningProgress(plan, Course.Progress);
        foreach (MemberMessage report in _reports.From(Course.From).Where(r => ReportLog.StepOf(r) < Version))
        {
            if (before.Add(report)) before.EndEpoch(null);
        }
        return before.Snapshot();
    }
}
