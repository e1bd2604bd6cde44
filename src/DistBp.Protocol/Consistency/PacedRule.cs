using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Consistency;

/// <summary>
/// Each worker goes at its own pace through its slices of the mini-batches, and one worker's gradient makes an update. A worker reads the parameters for step t
/// when every worker's steps before t − bound are applied. All servers make the same updates in the same order, so a worker reads the same version from each.
/// </summary>
/// <param name="bound">Mini-batches that may be missing from what a worker reads.</param>
internal sealed class PacedRule(long bound) : StepRule
{
    private readonly SortedDictionary<int, Pace> _paces = [];
    private readonly Dictionary<long, StepRecord> _records = [];
    private readonly List<Pace> _whole = [];
    private Pace? _due;
    private int _told = -1;

    public override long Step => _due!.Clock;

    public override IReadOnlyList<PushGradient> Due => _due!.Pushes;

    public override IReadOnlyList<int>? Chosen => [_due!.Worker];

    public override bool Announces => false;

    public override int SliceCount => _paces.Values.Sum(p => p.SliceCount);

    public override long HaltAt => _paces.Values.Max(p => p.ReadsFor) + 1;

    public override void Begin(Assignment assignment, long version)
    {
        Version = version;
        _paces.Clear();
        _records.Clear();
        _whole.Clear();
        (_due, _told) = (null, -1);
        foreach (int worker in assignment.Workers)
        {
            int slices = assignment.Subtrees(worker).Sum(s => s.Count);
            if (slices > 0) _paces[worker] = new Pace(worker, slices) { Clock = version, ReadsFor = version - 1 };
        }
    }

    public override bool Keep(PushGradient push, bool gathers)
    {
        if (!_paces.TryGetValue(push.Worker, out Pace? pace) || push.Step != pace.Clock || pace.Pushes.Exists(p => p.Subtree == push.Subtree)) return false;
        int at = pace.Pushes.FindIndex(p => p.Subtree.First > push.Subtree.First);
        pace.Pushes.Insert(at < 0 ? pace.Pushes.Count : at, push);
        if (pace.IsWhole) _whole.Add(pace);
        return true;
    }

    public override void Follow(IReadOnlyList<int> workers) => _told = workers[0];

    public override bool IsDue(bool leads)
    {
        _due = leads ? _whole.FirstOrDefault() : _told >= 0 && _paces[_told].IsWhole ? _paces[_told] : null;
        return _due is not null;
    }

    public override StepCommitted? Report(Generation generation, long step, ReadOnlyMemory<double> sums, double gradientNorm, bool clipped)
    {
        if (!_records.TryGetValue(step, out StepRecord? record)) _records[step] = record = new StepRecord(sums.Length);
        record.Add(sums.Span, clipped, _due!);
        if (record.Workers < _paces.Count) return null;
        _records.Remove(step);
        return record.Total(generation, step, gradientNorm);
    }

    public override void Advance()
    {
        _due!.Clock++;
        _due.Pushes.Clear();
        _whole.Remove(_due);
        (_due, _told) = (null, -1);
        Version = _paces.Values.Min(p => p.Clock);
    }

    public override (int Worker, long Step)? NextReader(long until)
    {
        foreach (Pace pace in _paces.Values)
        {
            if (pace.ReadsFor == pace.Clock || pace.Clock >= until || pace.Clock - Version > bound) continue;
            (pace.ReadsFor, pace.ReadVersion) = (pace.Clock, Version);
            return (pace.Worker, pace.Clock);
        }
        return null;
    }

    /// <summary>Where a worker stands.</summary>
    /// <param name="slices">Of a mini-batch, that the worker computes.</param>
    private sealed class Pace(int worker, int slices)
    {
        public int Worker => worker;

        /// <summary>Its steps before this one are applied.</summary>
        public long Clock { get; set; }

        /// <summary>The step that it has read parameters for last, and the version that was wholly in them.</summary>
        public long ReadsFor { get; set; }

        public long ReadVersion { get; set; }

        public List<PushGradient> Pushes { get; } = [];

        public int SliceCount => Pushes.Sum(p => p.Subtree.Count);

        public bool IsWhole => SliceCount == slices;
    }

    /// <summary>What was applied of a mini-batch so far.</summary>
    private sealed class StepRecord(int sums)
    {
        private readonly double[] _sums = new double[sums];
        private readonly List<Contribution> _contributions = [];
        private bool _clipped;

        public int Workers { get; private set; }

        public void Add(ReadOnlySpan<double> update, bool clipped, Pace pace)
        {
            for (int i = 0; i < _sums.Length; i++) _sums[i] += update[i];
            _contributions.AddRange(pace.Pushes.Select(p => new Contribution(p.Subtree, p.Worker, pace.Clock - pace.ReadVersion)));
            _clipped |= clipped;
            Workers++;
        }

        /// <param name="gradientNorm">Of the last worker's.</param>
        public StepCommitted Total(Generation generation, long step, double gradientNorm) =>
            new(generation, step, _sums, gradientNorm, _clipped) { Contributions = _contributions.OrderBy(c => c.Subtree.First).ToArray() };
    }
}
