using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>The subtrees of one step that a server has: disjoint, in the order of the slices. A subtree that is there already is ignored.</summary>
internal sealed class Contributions
{
    private readonly List<PushGradient> _pushes = [];
    private Contribution[] _applied = [];

    public IReadOnlyList<PushGradient> InOrder => _pushes;

    /// <summary>Slices covered so far.</summary>
    public int SliceCount { get; private set; }

    /// <summary>False where nothing was added: the slices are covered already, or the range is no node of the tree.</summary>
    public bool Add(PushGradient push, int slices)
    {
        if (!ReductionTree.IsNode(slices, push.Subtree)) return false;
        int at = 0;
        while (at < _pushes.Count && _pushes[at].Subtree.End <= push.Subtree.First) at++;
        if (at < _pushes.Count && Covers(_pushes[at].Subtree, push.Subtree)) return false;
        // Nodes of one tree are disjoint or nested: what overlaps from here on lies inside the newcomer, which replaces it.
        while (at < _pushes.Count && _pushes[at].Subtree.First < push.Subtree.End)
        {
            SliceCount -= _pushes[at].Subtree.Count;
            _pushes.RemoveAt(at);
        }
        _pushes.Insert(at, push);
        SliceCount += push.Subtree.Count;
        return true;
    }

    /// <summary>Drops what other workers have sent.</summary>
    public void Retain(IReadOnlyList<int> workers)
    {
        _pushes.RemoveAll(p => !workers.Contains(p.Worker));
        SliceCount = _pushes.Sum(p => p.Subtree.Count);
    }

    /// <summary>Who computed what of the step. While the same workers compute the same subtrees it is the array of the step before.</summary>
    public ReadOnlyMemory<Contribution> Applied(long staleness)
    {
        bool same = _applied.Length == _pushes.Count;
        for (int i = 0; same && i < _applied.Length; i++) same = _applied[i] == Of(_pushes[i], staleness);
        if (!same) _applied = [.. _pushes.Select(p => Of(p, staleness))];
        return _applied;
    }

    public void Clear()
    {
        _pushes.Clear();
        SliceCount = 0;
    }

    private static Contribution Of(PushGradient push, long staleness) => new(push.Subtree, push.Worker, staleness);

    private static bool Covers(Subtree outer, Subtree inner) => outer.First <= inner.First && inner.End <= outer.End;
}
