using DistBp.Cluster.Storage.Ledgers;
using DistBp.Learning.Data;

namespace DistBp.Cluster.Runs.Audits;

/// <summary>Goes through a ledger once, in its order, with one epoch in memory. Epochs do not mix: all members stop at the end of each.</summary>
/// <param name="order">Of the samples, from how many there are and the seed.</param>
internal sealed class LedgerAudit(string path, string jobHash, Func<int, int, ISampleOrder> order)
{
    private const int MostFaultsKept = 20;
    private readonly List<AuditFault> _faults = [];
    private readonly List<string> _unknown = [];
    private readonly HashSet<int> _workers = [];
    private PieceBegun? _identity;
    private EpochCoverage? _epoch;
    private LedgerDamage? _damage;
    private (int Term, int Number) _generation;
    private long _next, _applied, _skipped, _rejected, _cut, _missing, _repeated, _staleness;
    private int _pieces, _generations, _wholeEpochs;

    // The ledger begins in the middle of this epoch.
    private int _partial = -1;

    /// <param name="leastStep">A checkpoint is of this step: the ledger was on the disk before it.</param>
    public AuditReport Run(long leastStep)
    {
        using LedgerReader reader = LedgerReader.Open(path);
        while (_damage is null)
        {
            long offset = reader.End;
            if (reader.Read() is not { } record) break;
            if (Take(record) is { } contradiction) _damage = new LedgerDamage(offset, contradiction, _next - 1);
        }
        _damage ??= reader.Damage;
        if (_damage is null && _next < leastStep)
            _damage = new LedgerDamage(reader.End, $"it is missing, with all others up to step {leastStep - 1}, which a checkpoint has seen", reader.LastStep);
        return Report();
    }

    /// <returns>Null, or what cannot be in a ledger.</returns>
    private string? Take(LedgerRecord record) => record.EntryCase switch
    {
        LedgerRecord.EntryOneofCase.Begun => Begin(record.Begun),
        LedgerRecord.EntryOneofCase.Applied => Enter(record.Applied.Step, record.Applied.Epoch) ?? Apply(record.Applied),
        LedgerRecord.EntryOneofCase.LeftOut => Enter(record.LeftOut.Step, record.LeftOut.Epoch) ?? LeaveOut(record.LeftOut),
        _ => "it is of no kind that this version knows",
    };

    private string? Begin(PieceBegun begun)
    {
        // No job is otherwise; and it bounds what is kept of an epoch by the samples.
        if (begun.Step < 0 || begun.Slices < 1 || begun.Batch < begun.Slices || begun.Samples < begun.Batch)
            return "its samples cannot be cut into such mini-batches and slices";
        _pieces++;
        _cut += begun.StepsCut;
        if (_identity is { } first && IsSame(first, begun)) return null;
        if (_identity is null && begun.JobHash != jobHash) _unknown.Add("the ledger is of another job than the run's job.yaml");
        if (_identity is { } other)
            _unknown.Add($"the run had {other.Samples} training samples before step {begun.Step}, and {begun.Samples} (or another job) since");
        else if (begun.Step > 0)
            _unknown.Add($"the ledger begins with step {begun.Step}: which samples were applied before is not known");
        _identity = begun;
        var geometry = new MiniBatchGeometry(begun.Samples, begun.Batch, begun.Slices);
        _epoch = new EpochCoverage(geometry, order(begun.Samples, begun.Seed));
        _epoch.Begin((int)(begun.Step / geometry.StepsPerEpoch));
        if (begun.Step % geometry.StepsPerEpoch != 0) _partial = _epoch.Epoch;
        _next = begun.Step;
        return null;
    }

    private static bool IsSame(PieceBegun a, PieceBegun b) =>
        (a.Samples, a.Batch, a.Slices, a.Seed, a.JobHash) == (b.Samples, b.Batch, b.Slices, b.Seed, b.JobHash);

    /// <summary>The step's epoch becomes the one in memory.</summary>
    private string? Enter(long step, int epoch)
    {
        if (_epoch is null) return "it stands before the beginning of the run";
        int stepsPerEpoch = _epoch.Geometry.StepsPerEpoch;
        if (step < 0 || step / stepsPerEpoch != epoch - 1L) return $"step {step} is not in epoch {epoch}";
        int entered = epoch - 1;
        if (entered < _epoch.Epoch) return $"step {step} of epoch {epoch} comes after epoch {_epoch.Epoch + 1} has begun";
        if (entered > _epoch.Epoch)
        {
            Judge(whole: true);
            if (entered > _epoch.Epoch + 1) _unknown.Add($"nothing of the epochs {_epoch.Epoch + 2} to {entered} is in the ledger");
            _epoch.Begin(entered);
        }
        _next = Math.Max(_next, step + 1);
        return null;
    }

    private string? Apply(StepApplied applied)
    {
        int slices = _epoch!.Geometry.Slices, step = (int)(applied.Step % _epoch.Geometry.StepsPerEpoch);
        foreach (LedgerContribution part in applied.Contributions)
        {
            if (part.FirstSlice < 0 || part.SliceCount <= 0 || part.SliceCount > slices - part.FirstSlice) return $"a step has {slices} slices alone";
            _epoch.Apply(step, part.FirstSlice, part.SliceCount, applied.Version);
            _workers.Add(part.Worker);
            _staleness = Math.Max(_staleness, part.Staleness);
        }
        _applied++;
        if ((applied.Term, applied.Generation) != _generation) _generations++;
        _generation = (applied.Term, applied.Generation);
        return null;
    }

    private string? LeaveOut(StepLeftOut left)
    {
        if (left.EndedRun) _rejected++;
        else _skipped++;
        // A run that ended by a step has not made it.
        if (left.EndedRun) _next = Math.Min(_next, left.Step);
        _epoch!.LeaveOut(
            (int)(left.Step % _epoch.Geometry.StepsPerEpoch),
            left.EndedRun ? "ended the run, its loss or gradient not being finite" : "was skipped, its loss or gradient not being finite");
        return null;
    }

    private void Judge(bool whole)
    {
        bool complete = whole && _epoch!.Epoch != _partial;
        if (complete) _wholeEpochs++;
        foreach (AuditFault fault in _epoch!.Judge(complete))
        {
            if (fault.Kind == AuditFaultKind.Missing) _missing += fault.Samples;
            else _repeated += fault.Samples;
            if (_faults.Count < MostFaultsKept) _faults.Add(fault);
        }
    }

    private AuditReport Report()
    {
        bool underWay = false;
        if (_epoch is not null)
        {
            int stepsPerEpoch = _epoch.Geometry.StepsPerEpoch;
            bool whole = _next >= ((long)_epoch.Epoch + 1) * stepsPerEpoch;
            underWay = !whole && _next > (long)_epoch.Epoch * stepsPerEpoch;
            if (whole || underWay) Judge(whole);
        }
        return new AuditReport
        {
            Ledger = path,
            Samples = _identity?.Samples ?? 0,
            Batch = _identity?.Batch ?? 0,
            Slices = _identity?.Slices ?? 0,
            StepsPerEpoch = _epoch?.Geometry.StepsPerEpoch ?? 0,
            StepsApplied = _applied,
            StepsSkipped = _skipped,
            StepsRejected = _rejected,
            Restarts = Math.Max(_pieces - 1, 0),
            StepsRepeated = _cut,
            Workers = _workers.Count,
            Generations = _generations,
            MaxStaleness = _staleness,
            WholeEpochs = _wholeEpochs,
            EpochUnderWay = underWay ? _epoch!.Epoch + 1 : 0,
            SamplesUnderWay = underWay ? _epoch!.Applied : 0,
            Missing = _missing,
            Repeated = _repeated,
            Faults = _faults,
            Unknown = _unknown,
            Damage = _damage,
        };
    }
}
