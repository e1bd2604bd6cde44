namespace DistBp.Protocol;

/// <summary>What a stop point needs of the coordinator.</summary>
internal enum StopExit
{
    /// <summary>Nothing: somebody has yet to answer, or the run is over.</summary>
    None,

    /// <summary>Members have been lost who must be asked: a new assignment, and then the phase anew.</summary>
    Assign,

    /// <summary>All is done: the next steps.</summary>
    StepOn,
}
