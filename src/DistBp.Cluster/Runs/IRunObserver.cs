using DistBp.Cluster.Configuration;
using DistBp.Cluster.Storage;
using DistBp.Learning;
using DistBp.Learning.Diagnosis;
using DistBp.Learning.Metrics;

namespace DistBp.Cluster.Runs;

/// <summary>
/// Hears what happens in a run: the event log and the display. Called one at a time, on the thread at which the thing happened, which may be
/// one that computes: an observer takes note and returns.
/// </summary>
public interface IRunObserver
{
    void OnStarted(RunStarted started);

    /// <summary>Once a step; allocates nothing.</summary>
    void OnStep(in StepFigures step);

    void OnEpoch(EpochFigures epoch);

    /// <summary>On sampled steps, after the step; who has no use for it leaves it out.</summary>
    void OnStatistics(StatisticsSample statistics)
    {
    }

    /// <summary>A step was left unapplied because its loss or gradient was not finite.</summary>
    void OnSkipped(SkippedStep skipped) => OnWarning(skipped.ToString());

    void OnCheckpoint(CheckpointFigures checkpoint);

    /// <summary>A node begins to take part in the run, or takes part no more.</summary>
    void OnMember(MemberFigures member)
    {
    }

    /// <summary>Copies of parameter shards are filled while members step, or all of them are whole now.</summary>
    void OnCopies(CopyFigures copies)
    {
    }

    /// <param name="text">What happened and what it means for the run, in a sentence.</param>
    void OnWarning(string text);

    void OnEnded(RunResult result);
}

/// <param name="Folder">The run's folder.</param>
/// <param name="StartStep">0, or the step of the checkpoint that the run goes on from.</param>
/// <param name="TotalSteps">Of the whole job.</param>
/// <param name="SampleShape">Of the network's input.</param>
public sealed record RunStarted(
    JobDescription Job, string Folder, int Workers, int Servers, int ComputeThreads, TensorShape SampleShape, int Parameters,
    int TrainSamples, int ValidationSamples, int TestSamples, long StepsPerEpoch, long StartStep, long TotalSteps);

/// <summary>The figures of one committed step.</summary>
/// <param name="Step">Committed updates after it.</param>
/// <param name="Epoch">From 1: the epoch that the step belongs to.</param>
/// <param name="Loss">Mean over the mini-batch, before the update.</param>
/// <param name="Accuracy">Null where there are no classes.</param>
/// <param name="Rate">Learning rate of the step.</param>
/// <param name="GradientNorm">Global L2 norm of the mean gradient before clipping.</param>
/// <param name="Samples">In the mini-batch.</param>
public readonly record struct StepFigures(
    long Step, int Epoch, double Loss, double? Accuracy, double Rate, double GradientNorm, int Samples);

/// <param name="Epoch">From 1.</param>
/// <param name="Train">Over the epoch's steps, each taken before its update.</param>
/// <param name="SamplesPerSecond">Steps alone, evaluation and checkpoints not counted.</param>
/// <param name="Time">Stepping time of the epoch.</param>
/// <param name="Note">What early stopping or the schedule decided; empty where there is nothing to say.</param>
public sealed record EpochFigures(
    int Epoch, long Step, MetricValues Train, MetricValues? Validation, double Rate, double SamplesPerSecond, TimeSpan Time, string Note)
{
    /// <summary>False where it was over before this coordinator was there: nobody has taken its time.</summary>
    public bool IsTimed => Time > TimeSpan.Zero;

    /// <summary>Of its last step: as <see cref="StepFigures.GradientNorm"/>.</summary>
    public double GradientNorm { get; init; }

    /// <summary>Null where every gradient is computed from the newest parameters.</summary>
    public StalenessFigures? Staleness { get; init; }
}

/// <param name="Step">Counted from 0, as in the error of a run that ends so.</param>
/// <param name="Subject">"the gradient of dense1.weight", "the loss".</param>
/// <param name="Skipped">How many so far, with this one.</param>
public sealed record SkippedStep(long Step, int Epoch, string Subject, long Skipped)
{
    public override string ToString() =>
        $"step {Step} is skipped: {Subject} is not a finite number (NaN or infinity); {Skipped} step{(Skipped == 1 ? "" : "s")} so far";
}

/// <param name="Node">"a1 (worker, server at 10.0.0.7:5600)".</param>
/// <param name="Change">"joined", "is back", "leaves", "lost", "refused".</param>
/// <param name="Reason">"" where there is nothing to say.</param>
/// <param name="Nodes">That take part from now on, with so many workers and servers.</param>
public sealed record MemberFigures(string Node, string Change, string Reason, int Nodes, int Workers, int Servers)
{
    /// <summary>Nobody has asked for it: the run has less than it had.</summary>
    public bool IsBad => Change is "lost" or "refused";

    public override string ToString() =>
        $"{Node} {(IsBad ? "is " : "")}{Change}{(Reason.Length > 0 ? $" ({Reason})" : "")}: {Count(Workers, "worker")} and {Count(Servers, "server")} on {Count(Nodes, "node")}";

    private static string Count(int count, string what) => count == 1 ? $"1 {what}" : $"{count} {what}s";
}

/// <param name="Filling">Copies of parameter shards that are being filled, after a change of members; 0: every one is whole.</param>
public sealed record CopyFigures(int Filling)
{
    public override string ToString() => Filling == 0
        ? "every parameter shard has its copies"
        : $"{(Filling == 1 ? "1 copy of a parameter shard is" : $"{Filling} copies of parameter shards are")} being filled while training goes on: a server that is lost before that may cost the way back to a checkpoint";
}

/// <param name="Time">From capture to the rename; training goes on meanwhile.</param>
public sealed record CheckpointFigures(long Step, string Folder, TimeSpan Time);
