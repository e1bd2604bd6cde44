using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Consistency;

/// <summary>
/// All workers make each update together: of a step, or of those that each made by itself. With backup workers a step ends when all but the slowest are there; what comes
/// later is void.
/// </summary>
internal sealed class BarrierRule(ConsistencyMode mode, int backupWorkers) : StepRule
{
    private readonly Dictionary<int, int> _slices = [];
    private Contributions _contributions = new();
    private IReadOnlyList<int>? _chosen;
    private int _allSlices;

    public override long Step => Version;

    public override long End => mode.Next(Version, Until);

    public override IReadOnlyList<PushGradient> Due => _contributions.InOrder;

    public override IReadOnlyList<int>? Chosen => _chosen;

    public override bool Announces => true;

    public override int SliceCount => _contributions.SliceCount;

    public override long HaltAt => End;

    public override void Begin(Assignment assignment, long version)
    {
        (Version, _allSlices, _chosen) = (version, assignment.Slices, null);
        // A server that was given up may still be adding up those of the generation before.
        _contributions = new Contributions();
        _slices.Clear();
        foreach (int worker in assignment.Workers)
        {
            int slices = assignment.Subtrees(worker).Sum(s => s.Count);
            if (slices > 0) _slices[worker] = slices;
        }
    }

    public override bool Keep(PushGradient push, bool gathers) => gathers && push.Step == Version && _contributions.Add(push, _allSlices);

    public override void Follow(IReadOnlyList<int> workers) => _chosen = workers;

    public override bool IsDue(bool leads)
    {
        if (backupWorkers == 0) return _contributions.SliceCount == _allSlices;
        if (leads) _chosen = Choose();
        if (_chosen is null || !_chosen.All(IsWhole)) return false;
        _contributions.Retain(_chosen);
        return true;
    }

    /// <summary>Whoever computes alone lacks nothing.</summary>
    public override StepCommitted Report(Generation generation, long step, ReadOnlyMemory<double> sums, double gradientNorm, bool clipped) =>
        new(generation, step, sums, gradientNorm, clipped) { Contributions = _contributions.Applied(_slices.Count > 1 ? step - Version : 0) };

    public override void Advance()
    {
        Version = End;
        _chosen = null;
        _contributions.Clear();
    }

    private List<int>? Choose()
    {
        var whole = _slices.Keys.Where(IsWhole).ToList();
        return whole.Count >= Math.Max(1, _slices.Count - backupWorkers) ? whole : null;
    }

    private bool IsWhole(int worker) => _contributions.InOrder.Where(p => p.Worker == worker).Sum(p => p.Subtree.Count) == _slices[worker];
}
