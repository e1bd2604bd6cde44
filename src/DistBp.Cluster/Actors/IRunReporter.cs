using DistBp.Protocol;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>What the coordinator's host tells of a run: a training run with its folder, or an evaluation that leaves nothing behind.</summary>
internal interface IRunReporter
{
    void OnStepping(MeasureStepping stepping);

    void OnStep(ReportStep step);

    /// <summary>After the step of the same number.</summary>
    void OnStatistics(ReportStatistics statistics);

    void OnSkip(ReportSkip skip);

    /// <summary>All members have taken it up.</summary>
    void OnAssignment(Assignment assignment);

    /// <summary>Copies of shards are being filled while members step, or all are filled.</summary>
    void OnCopies(ReportCopies copies);

    void OnLostResiduals(ReportLostResiduals lost);

    /// <returns>Whether the run ends here, where the plan has epochs judged.</returns>
    bool OnEpoch(ReportEpoch epoch);

    /// <summary>Steps that were told of are on the disk when this returns.</summary>
    void Persist();

    /// <summary>On a thread of its own; training goes on.</summary>
    void WriteCheckpoint(WriteCheckpoint checkpoint);

    /// <summary>On a thread of its own, with no checkpoint under way: brings the newest checkpoint, or else the beginning, into the memory of the coordinator's host.</summary>
    WentBack GoBack(GoBack loss);

    /// <summary>The error that ends a run whose gradient is not finite.</summary>
    Exception Diverged(FailDiverged failure);
}
