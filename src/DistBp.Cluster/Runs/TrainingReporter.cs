using DistBp.Cluster.Actors;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Metrics;
using DistBp.Protocol;
using DistBp.Protocol.Effects;

namespace DistBp.Cluster.Runs;

/// <summary>Turns what the coordinator reports into figures for the observers, and its checkpoints into files.</summary>
internal sealed class TrainingReporter(
    TrainingMemory memory, CheckpointStore checkpoints, CheckpointIdentity identity, int servers, IReadOnlyList<IRunObserver> observers,
    TimeProvider time) : IRunReporter
{
    private readonly MetricSet _metrics = memory.Network.Metrics;

    // Checkpoints end on a thread of their own.
    private readonly Lock _telling = new();
    private double _lastRate;

    public SteppingClock Clock { get; } = new(time);

    public void OnStepping(MeasureStepping stepping)
    {
        if (stepping.Running) Clock.Start();
        else Clock.Stop();
    }

    public void OnStep(ReportStep step)
    {
        int samples = memory.SamplesOfStep(step.Step);
        Clock.Count(samples);
        _lastRate = memory.Rate(step.Step, step.RateFactor);
        MetricValues values = MetricValues.Of(_metrics, step.Sums.Span);
        var figures = new StepFigures(
            step.Step + 1, (int)(step.Step / memory.Geometry.StepsPerEpoch) + 1, values.Loss, values.Accuracy, _lastRate, step.GradientNorm, samples);
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnStep(figures);
        }
    }

    public void OnEpoch(ReportEpoch epoch)
    {
        (TimeSpan elapsed, double samplesPerSecond) = Clock.EndEpoch();
        var figures = new EpochFigures(
            epoch.Epoch, (long)epoch.Epoch * memory.Geometry.StepsPerEpoch, Values(epoch.TrainSums)!, Values(epoch.ValidationSums), _lastRate,
            samplesPerSecond, elapsed, epoch.Note);
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnEpoch(figures);
        }
    }

    public void WriteCheckpoint(WriteCheckpoint checkpoint)
    {
        long begin = time.GetTimestamp();
        string folder = checkpoints.Save(Content(checkpoint));
        var figures = new CheckpointFigures(checkpoint.Version, folder, time.GetElapsedTime(begin));
        lock (_telling)
        {
            foreach (IRunObserver observer in observers) observer.OnCheckpoint(figures);
        }
    }

    public Exception Diverged(FailDiverged failure)
    {
        ParameterView view = memory.Network.Parameters.Views[memory.Segments[failure.Segment].View];
        string? last = checkpoints.NewestFirst().FirstOrDefault();
        return new UserException(
            ErrorKind.Diverged,
            $"the gradient of {view.Name} is not a finite number (NaN or infinity)",
            $"step {failure.Step}, epoch {failure.Step / memory.Geometry.StepsPerEpoch + 1}, learning rate {memory.Rate(failure.Step, 1):G4}",
            "lower the learning rate, add `clip: {globalNorm: 1.0}`, or look for extreme values in the data; " +
            (last is null ? "no checkpoint was written yet" : $"the last good checkpoint is {last}"));
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
            "lower the learning rate, add `clip: {globalNorm: 1.0}`, or look for extreme values in the data");
    }

    public MetricValues? Values(IReadOnlyList<double>? sums) => sums is null ? null : MetricValues.Of(_metrics, [.. sums]);

    private CheckpointContent Content(WriteCheckpoint checkpoint)
    {
        ShardSnapshots snapshots = memory.Snapshots;
        ParameterLayout layout = memory.Network.Parameters;
        var assignment = new Assignment(new Generation(1, 1), 1, servers, memory.Job.Slices, layout.UpdatedCount);
        IEnumerable<ParameterShard> shards = Enumerable.Range(0, servers).Select(assignment.Shard).Select(s => s.Before(layout.TrainedCount)).Where(s => s.Count > 0);
        long stepsPerEpoch = memory.Geometry.StepsPerEpoch;
        return new CheckpointContent(
            identity,
            new CheckpointPosition(checkpoint.Version, (int)(checkpoint.Version / stepsPerEpoch), (int)(checkpoint.Version % stepsPerEpoch)),
            snapshots.Parameters.Memory,
            [.. shards.Select(shard => new OptimizerShard(shard.Offset, shard.Count, StatesOf(shard)))],
            checkpoint.Progress.ToNumbers(),
            snapshots.HasBest ? snapshots.Best.Memory : default);
    }

    private ReadOnlyMemory<float>[] StatesOf(ParameterShard shard) =>
        [.. Enumerable.Range(0, memory.Optimizer.StateCount).Select(i => (ReadOnlyMemory<float>)memory.Snapshots.State(i).Memory.Slice(shard.Offset, shard.Count))];
}
