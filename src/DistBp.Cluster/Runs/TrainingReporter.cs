using DistBp.Cluster.Actors;
using DistBp.Cluster.Storage;
using DistBp.Cluster.Storage.Ledgers;
using DistBp.Learning;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Encodings;
using DistBp.Learning.Metrics;
using DistBp.Protocol;
using DistBp.Protocol.Consistency;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Runs;

/// <summary>Turns what the coordinator reports into figures for the observers, and its checkpoints into files.</summary>
internal sealed class TrainingReporter(
    TrainingMemory memory, CheckpointPlaces checkpoints, CheckpointIdentity identity, LedgerWriter ledger, int servers,
    IReadOnlyList<IRunObserver> observers, SessionVariant variant, Func<CheckpointSearch> goBack, TimeProvider time) : IRunReporter
{
    /// <summary>Reports come by the network, up to a twentieth of it late.</summary>
    private static readonly TimeSpan LeastSpan = TimeSpan.FromSeconds(1);

    private readonly MetricSet _metrics = memory.Network.Metrics;

    // Checkpoints end on a thread of their own.
    private readonly Lock _telling = new();
    private readonly RunDiagnosis _diagnosis = new(
        memory.Network, memory.Segments, memory.Job.Clip.GlobalNorm is not null || memory.Job.Clip.ParameterNorm is not null, memory.Job.Batch);
    private readonly StalenessMeter _staleness = new();
    private readonly FailureStreak _refusals = new(), _leftovers = new(), _unpersisted = new();

    /// <summary>The version at the end of an epoch; what is measured of its last step may come after that.</summary>
    private long? _undiagnosed;
    private double _lastRate;
    private double _lastNorm;

    /// <summary>Epochs that an earlier coordinator has told of: where one is reported again, nobody is told twice.</summary>
    public int EpochsTold { get; init; }

    // What a run says at its start is not said again.
    private int _copies = Math.Min(memory.Job.Replication, servers - 1);

    // The newest checkpoint, where the disk has refused it.
    private (WriteCheckpoint Checkpoint, UserException Why)? _refused;

    public SteppingClock Clock { get; } = new(time, variant.OutlivesCoordinator ? LeastSpan : TimeSpan.Zero);

    /// <summary>What is wrong with the training, as far as it was told.</summary>
    public IReadOnlyList<Finding> Findings => _diagnosis.Findings;

    /// <summary>That were made here: those of a run that is resumed are not counted.</summary>
    public long Steps { get; private set; }

    public void Tell(MemberFigures member)
    {
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnMember(member);
        }
    }

    public void OnStepping(MeasureStepping stepping)
    {
        if (stepping.Running) Clock.Start();
        else Clock.Stop();
        // All have stopped: nothing of a step before comes any more.
        if (!stepping.Running && _undiagnosed is not null) Diagnose();
    }

    public void OnStep(ReportStep step)
    {
        _staleness.Add(step.Contributions.Span);
        (_lastRate, _lastNorm) = (memory.Descent.Rate(step.Step, step.RateFactor), step.GradientNorm);
        MetricValues values = MetricValues.Of(_metrics, step.Sums.Span);
        _diagnosis.Add(step, values.Loss);
        // The parameters of this version have given finite numbers: so its checkpoint is good, and those before.
        checkpoints.GoodUpTo = step.Step;
        // An earlier coordinator has told of it.
        if (!ledger.Applied(step.Step, EpochOf(step.Step), step.Step + 1, step.Generation, step.Contributions)) return;
        Steps++;
        int samples = memory.SamplesOfStep(step.Step);
        Clock.Count(samples);
        var figures = new StepFigures(
            step.Step + 1, EpochOf(step.Step), values.Loss, values.Accuracy, _lastRate, step.GradientNorm, samples);
        lock (_telling)
        {
            // By index: enumerating an interface would allocate in each step.
            for (int i = 0; i < observers.Count; i++) observers[i].OnStep(figures);
        }
    }

    public bool OnEpoch(ReportEpoch epoch)
    {
        (TimeSpan elapsed, double samplesPerSecond) = Clock.EndEpoch();
        var figures = new EpochFigures(
            epoch.Epoch, (long)epoch.Epoch * memory.Geometry.StepsPerEpoch, Values(epoch.TrainSums)!, Values(epoch.ValidationSums), _lastRate,
            samplesPerSecond, elapsed, epoch.Note)
        {
            Staleness = memory.Job.Consistency is BspMode ? null : _staleness.Take(),
            GradientNorm = _lastNorm,
        };
        lock (_telling)
        {
            if (epoch.Epoch > EpochsTold)
            {
                foreach (IRunObserver observer in observers) observer.OnEpoch(figures);
            }
        }
        // Of the epoch before, whose last step nobody has measured.
        if (_undiagnosed is not null) Diagnose();
        _diagnosis.EndEpoch(figures.Train.Loss);
        _undiagnosed = figures.Step;
        if (!Clock.IsRunning || !memory.IsSampled(figures.Step - 1)) Diagnose();
        return variant.EndsAfter?.Invoke(figures) ?? false;
    }

    public void OnStatistics(ReportStatistics statistics)
    {
        StatisticsSample sample = _diagnosis.Add(statistics, EpochOf(statistics.Step));
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnStatistics(sample);
        }
        if (statistics.Step + 1 == _undiagnosed) Diagnose();
    }

    public void OnSkip(ReportSkip skip)
    {
        if (!ledger.LeftOut(skip.Step, EpochOf(skip.Step), skip.Generation, endedRun: false)) return;
        var skipped = new SkippedStep(skip.Step, EpochOf(skip.Step), DivergenceText.Subject(ViewOf(skip.Segment)), skip.Skipped);
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnSkipped(skipped);
        }
    }

    /// <summary>A disk that refuses it does not end the run: records wait in memory, and a coordinator that dies before the disk takes them leaves a ledger without them.</summary>
    public void Persist()
    {
        // Members may be told of nothing that follows it: the host that cannot persist ends here.
        variant.RequireHeld();
        try
        {
            ledger.Flush();
            _unpersisted.End();
        }
        catch (UserException refused) when (refused.Kind == ErrorKind.Usage)
        {
            if (_unpersisted.Add()) Warn($"{refused.Message}; the run goes on, and the ledger is tried again");
        }
    }

    /// <summary>A disk that refuses it does not end the run: the next one is tried again, and the last one once more at the end.</summary>
    public void WriteCheckpoint(WriteCheckpoint checkpoint)
    {
        variant.RequireHeld();
        long begin = time.GetTimestamp();
        string folder;
        UserException? refusal;
        try
        {
            // Before the checkpoint: the ledger may know of later steps, never of fewer.
            ledger.Flush();
            (folder, refusal) = checkpoints.Save(Content(checkpoint));
        }
        catch (UserException both) when (both.Kind == ErrorKind.Usage)
        {
            _refused = (checkpoint, both);
            OnRefused(both, "the run goes on, and the next one is tried again");
            return;
        }
        _refused = null;
        if (refusal is not null) OnRefused(refusal, $"{folder} has taken it");
        OnSaved(new CheckpointFigures(checkpoint.Version, folder, time.GetElapsedTime(begin)), refusal is null);
    }

    /// <summary>The run has ended: a last checkpoint that the disk has refused is tried once more.</summary>
    /// <param name="version">At which it ended.</param>
    /// <param name="parameters">Where the final ones are.</param>
    /// <exception cref="UserException">It is refused still: the run cannot go on from its end.</exception>
    public void RequireSaved(long version, string parameters)
    {
        // What was captured for it is there still: nothing is captured after the last.
        if (_refused is { Checkpoint: var last } && last.Version == version) WriteCheckpoint(last);
        if (_refused is not { } refused) return;
        throw new UserException(
            ErrorKind.Usage, [.. refused.Why.Problems.Select(p => p with
            {
                What = $"the run has ended, and its last checkpoint is missing: {p.What}",
                Remedy = $"{p.Remedy}; the final parameters are in {parameters}, and --resume goes on from the checkpoint before",
            })], refused.Why);
    }

    public void Warn(string text)
    {
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnWarning(text);
        }
    }

    public void OnAssignment(Assignment assignment)
    {
        if (assignment.Copies < assignment.Replication && assignment.Copies != _copies)
            Warn(ReplicationText.TooFew(assignment.Replication, assignment.Servers.Count));
        _copies = assignment.Copies;
    }

    public void OnCopies(ReportCopies copies)
    {
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnCopies(new CopyFigures(copies.Unfilled));
        }
    }

    public void OnLostResiduals(ReportLostResiduals lost)
    {
        string slices = string.Join(", ", lost.Subtrees.Select(s => s.Count == 1 ? $"{s.First}" : $"{s.First}..{s.End - 1}"));
        lock (_telling)
        {
            foreach (IRunObserver observer in observers)
                observer.OnWarning($"worker {lost.Worker} is lost with what error feedback had kept back for slices {slices}: the run goes on without it, which changes the bits");
        }
    }

    public WentBack GoBack(GoBack loss)
    {
        variant.RequireHeld();
        Checkpoint? checkpoint = goBack().Checkpoint;
        long version = checkpoint?.Position.Step ?? 0;
        checkpoints.GoodUpTo = version - 1;
        ledger.GoBack(version);
        lock (_telling)
        {
            foreach (IRunObserver observer in observers)
                observer.OnWarning($"{(memory.Job.Consistency.IsPaced ? "a member is lost" : "a parameter shard is lost with its server")}: all go back from step {loss.Version} to {(checkpoint is null ? "the beginning" : $"the checkpoint of step {version}")}");
        }
        return new WentBack(version, checkpoint is null
            ? TrainingProgress.Start(_metrics.Count) : TrainingProgress.FromNumbers(checkpoint.Manifest.Coordinator));
    }

    public Exception Diverged(FailDiverged failure)
    {
        variant.RequireHeld();
        ledger.LeftOut(failure.Step, EpochOf(failure.Step), failure.Generation, endedRun: true);
        int blamed = failure.Slices.Sum(slice => slice.Samples.Count);
        // Finite where it was computed, infinite where it arrived.
        string room = blamed == 0 && memory.Job.Wire.Gradients.Kind == EncodingKind.F16 ? "f16 ends at 65,504: use wire.gradients: bf16, or " : "";
        string skipped = memory.Job.NonFinite is { MaxSkips: > 0 and int most } ? $", after {most} skipped steps in a row" : "";
        return new UserException(
            ErrorKind.Diverged,
            $"{DivergenceText.Subject(ViewOf(failure.Segment))} is not a finite number (NaN or infinity)"
            + DivergenceText.Blame(failure.Slices, memory.Network),
            $"step {failure.Step}, epoch {EpochOf(failure.Step)}, learning rate {memory.Descent.Rate(failure.Step, 1):G4}{skipped}",
            $"{room}{DivergenceText.RemedyFor(blamed, memory.SamplesOfStep(failure.Step), memory.Job.Clip.GlobalNorm is not null, _diagnosis.Find())}; "
            + LastGood());
    }

    /// <summary>No step follows the last one whose gradient would show that it went astray: the parameters and the losses after it do.</summary>
    public void RequireFinite(RunOutcome outcome)
    {
        ParameterView? view = memory.Network.Parameters.Views.FirstOrDefault(
            v => memory.Parameters.Span.Slice(v.Offset, v.Count).ContainsAnyExceptInRange(float.MinValue, float.MaxValue));
        MetricValues?[] values = [Values(outcome.TrainSums), Values(outcome.ValidationSums), .. outcome.FinalSums.Values.Select(Values)];
        if (view is null && values.All(v => v is null || double.IsFinite(v.Loss))) return;
        throw new UserException(
            ErrorKind.Diverged, $"{(view is null ? "the loss" : view.Name)} is not a finite number (NaN or infinity) at the end",
            $"step {outcome.Version}, epoch {outcome.Epochs}, learning rate {_lastRate:G4}",
            $"{DivergenceText.RemedyFor(0, 0, memory.Job.Clip.GlobalNorm is not null, _diagnosis.Find())}; {LastGood()}");
    }

    public MetricValues? Values(IReadOnlyList<double>? sums) => sums is null ? null : MetricValues.Of(_metrics, [.. sums]);

    /// <summary>The newest checkpoint whose parameters are known to give finite numbers stays the newest: a later one is no place to go on from.</summary>
    private string LastGood()
    {
        try
        {
            return checkpoints.KeepGood() is { } good ? $"the last good checkpoint is {good}" : "no good checkpoint was written yet";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"{checkpoints.Folder} keeps checkpoints of steps after it went astray, which the disk does not delete ({e.Message})";
        }
    }

    private void Diagnose()
    {
        _undiagnosed = null;
        foreach (Finding finding in _diagnosis.TakeNews()) Warn(finding.ToString());
    }

    private int EpochOf(long step) => (int)(step / memory.Geometry.StepsPerEpoch) + 1;

    private ParameterView? ViewOf(int segment) =>
        segment < 0 ? null : memory.Network.Parameters.Views[memory.Segments[segment].View];

    private CheckpointContent Content(WriteCheckpoint checkpoint)
    {
        ShardSnapshots snapshots = memory.Snapshots;
        ParameterLayout layout = memory.Network.Parameters;
        var assignment = Assignment.OfCounts(new Generation(1, 1), 1, servers, memory.Job.Slices, layout.UpdatedCount);
        IEnumerable<ParameterShard> shards = Enumerable.Range(0, servers).Select(assignment.Shard).Select(s => s.Before(layout.TrainedCount)).Where(s => s.Count > 0);
        long stepsPerEpoch = memory.Geometry.StepsPerEpoch;
        return new CheckpointContent(
            identity,
            new CheckpointPosition(checkpoint.Version, (int)(checkpoint.Version / stepsPerEpoch), (int)(checkpoint.Version % stepsPerEpoch)),
            snapshots.Parameters.Memory,
            [.. shards.Select(shard => new OptimizerShard(shard.Offset, shard.Count, StatesOf(shard)))],
            checkpoint.Progress.ToNumbers(),
            snapshots.HasBest ? snapshots.Best.Memory : default)
        {
            Residuals = checkpoint.Residuals,
        };
    }

    private void OnRefused(UserException refusal, string soWhat)
    {
        if (_refusals.Add()) Warn($"{refusal.Message}; {soWhat}{(_refusals.Count > 1 ? $"; {_refusals.Count} in a row by now" : "")}");
    }

    private void OnSaved(CheckpointFigures figures, bool isInFirstPlace)
    {
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnCheckpoint(figures);
        }
        if (isInFirstPlace && _refusals.End() is > 0 and int refused) Warn($"checkpoints are written again, after {refused} that the disk has refused");
        if (checkpoints.Leftover is { } why && _leftovers.Add()) Warn($"old checkpoints in {checkpoints.Folder} cannot be deleted: {why}");
    }

    private ReadOnlyMemory<float>[] StatesOf(ParameterShard shard) =>
        [.. Enumerable.Range(0, memory.Optimizer.StateCount).Select(i => (ReadOnlyMemory<float>)memory.Snapshots.State(i).Memory.Slice(shard.Offset, shard.Count))];
}
