namespace DistBp.Cluster.Storage.Ledgers;

/// <summary>Where a ledger stops making sense; what is before is intact.</summary>
/// <param name="Offset">The byte at which the first bad record begins.</param>
/// <param name="Why">"a byte of it was changed", "the file ends in the middle of it".</param>
/// <param name="LastStep">Of the last intact record of a step; -1 where there is none.</param>
public sealed record LedgerDamage(long Offset, string Why, long LastStep)
{
    public override string ToString() =>
        $"the record at byte {Offset}, {(LastStep < 0 ? "before that of any step" : $"after that of step {LastStep}")}: {Why}";
}
