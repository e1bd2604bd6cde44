using DistBp.Cluster.Storage.Ledgers;

namespace DistBp.Cluster.Runs.Audits;

/// <summary>What a run's ledger proves of its samples, and what it does not.</summary>
public sealed record AuditReport
{
    /// <summary>The file.</summary>
    public required string Ledger { get; init; }

    /// <summary>Of the training part, as the run counted them.</summary>
    public int Samples { get; init; }

    public int Batch { get; init; }

    public int Slices { get; init; }

    public int StepsPerEpoch { get; init; }

    /// <summary>Steps that were applied, those that were skipped, and those that ended a run.</summary>
    public long StepsApplied { get; init; }

    public long StepsSkipped { get; init; }

    public long StepsRejected { get; init; }

    /// <summary>How often the run went on from a checkpoint, and how many steps were made again for it.</summary>
    public int Restarts { get; init; }

    public long StepsRepeated { get; init; }

    /// <summary>How many workers have computed what was applied, and under how many assignments.</summary>
    public int Workers { get; init; }

    public int Generations { get; init; }

    /// <summary>The most versions that a gradient was late by; 0 in bsp.</summary>
    public long MaxStaleness { get; init; }

    /// <summary>All steps of so many epochs were made, and are in the ledger.</summary>
    public int WholeEpochs { get; init; }

    /// <summary>From 1; 0 where no epoch is under way.</summary>
    public int EpochUnderWay { get; init; }

    /// <summary>Samples applied in the epoch under way.</summary>
    public long SamplesUnderWay { get; init; }

    /// <summary>Samples, summed over the epochs.</summary>
    public long Missing { get; init; }

    public long Repeated { get; init; }

    /// <summary>The first ones, in the order of the epochs.</summary>
    public required IReadOnlyList<AuditFault> Faults { get; init; }

    /// <summary>What the ledger says nothing of, in sentences.</summary>
    public required IReadOnlyList<string> Unknown { get; init; }

    /// <summary>Null where the ledger is intact.</summary>
    public LedgerDamage? Damage { get; init; }

    /// <summary>Each sample was applied exactly once in each whole epoch, and at most once in the one under way.</summary>
    public bool Proven => Damage is null && Missing == 0 && Repeated == 0 && Unknown.Count == 0;
}
