namespace DistBp.Protocol;

/// <summary>What is being done at a stop point.</summary>
internal enum StopPhase
{
    /// <summary>Nothing was done yet.</summary>
    Stopped,
    EvaluatingEpoch,

    /// <summary>The host says whether the run goes on after the epoch.</summary>
    AwaitingVerdict,
    CapturingBest,
    CapturingCheckpoint,

    /// <summary>A copy is due and the checkpoint before, which holds the copies, is still being written.</summary>
    AwaitingDisk,

    /// <summary>Workers get the final parameters: those of the best epoch, and the exact ones where they had rounded ones.</summary>
    RestoringBest,
    EvaluatingFinal,
    CapturingFinal,

    /// <summary>All is done but the last checkpoint's writing.</summary>
    Ending,
    Ended,
}
