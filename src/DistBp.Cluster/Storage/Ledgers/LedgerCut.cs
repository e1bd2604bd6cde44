namespace DistBp.Cluster.Storage.Ledgers;

/// <summary>Where a ledger is to be cut so that it ends before a step.</summary>
/// <param name="End">The file's length after the cut.</param>
/// <param name="Steps">How many records of steps are cut off.</param>
/// <param name="Reaches">Whether all steps before are in it.</param>
internal readonly record struct LedgerCut(long End, long Steps, bool Reaches)
{
    /// <summary>Behind all that is intact, which must be all steps before <paramref name="step"/> at least.</summary>
    /// <returns>The cut, and the step after the last one that is in the ledger.</returns>
    public static (LedgerCut Cut, long Next) Intact(long step, string path)
    {
        using LedgerReader reader = LedgerReader.Open(path);
        long next = 0;
        while (reader.Read() is { } record)
        {
            if (record.Begun is { } begun) next = Math.Max(next, begun.Step);
            if (record.EntryCase is LedgerRecord.EntryOneofCase.Applied or LedgerRecord.EntryOneofCase.LeftOut) next = reader.LastStep + 1;
        }
        return (new LedgerCut(reader.End, 0, reader.Damage?.Offset != 0 && next >= step), next);
    }

    /// <summary>Reads the ledger. What is damaged behind the step is cut off with what is there.</summary>
    public static LedgerCut Before(long step, string path)
    {
        using LedgerReader reader = LedgerReader.Open(path);
        long end = LedgerFrame.SealBytes, cut = 0, next = 0;
        bool reached = false;
        while (reader.Read() is { } record)
        {
            long last = reader.LastStep;
            bool isStep = record.EntryCase is LedgerRecord.EntryOneofCase.Applied or LedgerRecord.EntryOneofCase.LeftOut;
            // A ledger that begins later than its run knows nothing of the steps before.
            if (record.Begun is { } begun) next = Math.Max(next, begun.Step);
            reached |= isStep && last >= step;
            if (reached && isStep) cut++;
            if (reached) continue;
            if (isStep) next = last + 1;
            end = reader.End;
        }
        return new LedgerCut(end, cut, reader.Damage?.Offset != 0 && next >= step);
    }
}
