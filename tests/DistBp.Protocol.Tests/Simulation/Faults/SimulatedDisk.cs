using DistBp.Protocol.Effects;

namespace DistBp.Protocol.Tests.Simulation.Faults;

/// <summary>
/// What outlives the coordinator's process: its term and the numbers of members that it has given, checkpoints, the ledger. Reports that were not made durable are lost
/// with the process, and a checkpoint that was being written is torn. A write of an older term is refused, as by an etcd transaction; a folder's lock does the same.
/// </summary>
internal sealed class SimulatedDisk
{
    private readonly List<Snapshot> _checkpoints = [];
    private List<ReportStep> _ledger = [];
    private readonly List<ReportEpoch> _epochs = [];
    private int _durable;

    public int Term { get; private set; }

    public int NextNumber { get; private set; }

    /// <summary>What an audit would read.</summary>
    public IReadOnlyList<ReportStep> Ledger => _ledger;

    /// <summary>What was told of epochs, as the run's events have it.</summary>
    public IReadOnlyList<ReportEpoch> Epochs => _epochs;

    public int NextTerm() => ++Term;

    /// <returns>Null: another coordinator reigns.</returns>
    public int? TakeNumber(int term) => term == Term ? NextNumber++ : null;

    public void Append(ReportStep step)
    {
        // What a coordinator that takes over is told again.
        if (step.Step < _ledger.Count) return;
        Assert.Equal(_ledger.Count, step.Step);
        _ledger.Add(step);
    }

    public void Tell(ReportEpoch epoch) => _epochs.Add(epoch);

    /// <summary>The run goes back: they are made again, and told again.</summary>
    public void CutEpochs(int epochs) => _epochs.RemoveAll(e => e.Epoch > epochs);

    public void Sync() => _durable = _ledger.Count;

    public void LoseUnsynced() => _ledger = _ledger[.._durable];

    public void CutLedger(long version)
    {
        _ledger = _ledger[..(int)version];
        _durable = Math.Min(_durable, _ledger.Count);
    }

    /// <summary>Whole and durable.</summary>
    public void Save(Snapshot snapshot)
    {
        Sync();
        _checkpoints.RemoveAll(c => c.Version == snapshot.Version);
        _checkpoints.Add(snapshot);
        if (_checkpoints.Count > 3) _checkpoints.RemoveAt(0);
    }

    /// <summary>The newest is found damaged: the one before it counts.</summary>
    public void DamageNewest()
    {
        if (_checkpoints.Count > 1) _checkpoints.RemoveAt(_checkpoints.Count - 1);
    }

    /// <summary>Null: none was written yet.</summary>
    public Snapshot? Newest => _checkpoints.MaxBy(c => c.Version);
}

/// <summary>A checkpoint.</summary>
internal sealed record Snapshot(long Version, TrainingProgress Progress, float[] Parameters, float[] State, float[] Best);
