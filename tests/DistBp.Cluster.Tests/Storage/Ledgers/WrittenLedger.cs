using DistBp.Cluster.Storage.Ledgers;
using DistBp.Learning;
using DistBp.Learning.Data;
using DistBp.Protocol;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Tests.Storage.Ledgers;

/// <summary>Ledgers as a run would write them: 10 steps an epoch of 97 samples, 6 slices, of which worker 0 computes four and worker 1 two.</summary>
internal static class WrittenLedger
{
    public static readonly MiniBatchGeometry Geometry = new(SampleCount: 97, Batch: 10, Slices: 6);
    public static readonly LedgerIdentity Identity = new("cafe", Seed: 3, Geometry);
    public static readonly Generation Generation = new(2, 7);
    public static readonly Contribution[] TwoWorkers = [new(new Subtree(0, 4), 0), new(new Subtree(4, 2), 1)];

    public static LedgerWriter Open(string path, long step, TimeProvider? time = null) => LedgerWriter.Open(path, Identity, step, time ?? TimeProvider.System);

    public static void Apply(this LedgerWriter ledger, long step, params Contribution[] contributions) => ledger.Applied(
        step, Epoch(step), step + 1, Generation, contributions.Length == 0 ? TwoWorkers : contributions);

    public static void Apply(this LedgerWriter ledger, Range steps)
    {
        for (int step = steps.Start.Value; step < steps.End.Value; step++) ledger.Apply(step);
    }

    public static int Epoch(long step) => (int)(step / Geometry.StepsPerEpoch) + 1;

    /// <summary>All intact records, and the damage that ends them.</summary>
    public static (List<LedgerRecord> Records, LedgerDamage? Damage) Read(string path)
    {
        using LedgerReader reader = LedgerReader.Open(path);
        var records = new List<LedgerRecord>();
        while (reader.Read() is { } record) records.Add(record);
        return (records, reader.Damage);
    }

    /// <summary>The steps that were applied, in the order of the file.</summary>
    public static long[] Steps(string path) => [.. Read(path).Records.Where(r => r.Applied is not null).Select(r => r.Applied.Step)];
}
