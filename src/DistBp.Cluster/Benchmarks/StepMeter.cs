using DistBp.Cluster.Actors;
using DistBp.Cluster.Runs;
using DistBp.Learning.Benchmarks;
using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Benchmarks;

/// <summary>Takes the time of a run's steps; phases and allocations from the second epoch on, when the JIT has done its work.</summary>
internal sealed class StepMeter(TrainingMemory memory) : IRunReporter
{
    private TimeSpan _firstEpoch;
    private long _allocatedBefore;

    public SteppingClock Clock { get; } = new(TimeProvider.System);

    /// <summary>Of all epochs but the first.</summary>
    public TimeSpan SteppingTime => Clock.Total - _firstEpoch;

    /// <summary>In all epochs but the first.</summary>
    public long AllocatedBytes { get; private set; }

    public void OnStepping(MeasureStepping stepping)
    {
        if (stepping.Running) Clock.Start();
        else Clock.Stop();
    }

    public void OnStep(ReportStep step) => Clock.Count(memory.SamplesOfStep(step.Step));

    public void OnStatistics(ReportStatistics statistics)
    {
    }

    public void OnSkip(ReportSkip skip) => throw new NotSupportedException();

    public void OnAssignment(Assignment assignment)
    {
    }

    public void OnCopies(ReportCopies copies) => throw new NotSupportedException();

    public void OnLostResiduals(ReportLostResiduals lost) => throw new NotSupportedException();

    public bool OnEpoch(ReportEpoch epoch)
    {
        (TimeSpan time, _) = Clock.EndEpoch();
        if (epoch.Epoch == 1)
        {
            _firstEpoch = time;
            _allocatedBefore = GC.GetTotalAllocatedBytes(precise: true);
            StepPhases.Start();
        }
        AllocatedBytes = GC.GetTotalAllocatedBytes(precise: true) - _allocatedBefore;
        return false;
    }

    public void Persist() => throw new NotSupportedException();

    public void WriteCheckpoint(WriteCheckpoint checkpoint) => throw new NotSupportedException();

    public WentBack GoBack(GoBack loss) => throw new NotSupportedException();

    public Exception Diverged(FailDiverged failure) => new InvalidOperationException($"The benchmark diverged at step {failure.Step}.");
}
