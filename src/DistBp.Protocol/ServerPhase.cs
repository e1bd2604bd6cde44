namespace DistBp.Protocol;

/// <summary>What a server is at.</summary>
internal enum ServerPhase
{
    Unassigned,

    /// <summary>Parts of the shard come from those who have it.</summary>
    Receiving,
    Loading,

    /// <summary>Gathering the subtrees of the step that reads the version.</summary>
    Gathering,
    Combining,

    /// <summary>The backups of the shard get the step's gradient. Nobody else has heard of it.</summary>
    Replicating,
    ExchangingNorms,
    Updating,
    Copying,
    RestoringBest,

    /// <summary>Between two steps; whatever comes of this generation is void.</summary>
    Suspended,

    /// <summary>In a step: the own norms are sent, those of others are kept. Only the coordinator knows whether the step counts.</summary>
    SuspendedInStep,

    /// <summary>In no assignment any more.</summary>
    Retired,

    /// <summary>The step's gradient was not finite: nothing is applied any more.</summary>
    Diverged,
}
