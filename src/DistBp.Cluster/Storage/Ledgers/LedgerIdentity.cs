using DistBp.Learning.Data;

namespace DistBp.Cluster.Storage.Ledgers;

/// <summary>What a ledger belongs to: from this and a step follow the samples of each slice.</summary>
/// <param name="JobHash">As in checkpoints.</param>
internal sealed record LedgerIdentity(string JobHash, int Seed, MiniBatchGeometry Geometry);
