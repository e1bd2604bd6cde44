using DistBp.Learning;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol;

/// <summary>How an evaluated part is cut into leaves: by its size alone, so that its sums do not depend on the workers.</summary>
public static class EvaluationTree
{
    public const int SamplesPerLeaf = 128;

    /// <summary>At least one: a part without samples has one leaf without samples, whose sums are zero.</summary>
    public static int LeafCount(int samples) => Math.Max(1, (samples + SamplesPerLeaf - 1) / SamplesPerLeaf);

    /// <summary>The samples [start, end) that a subtree covers.</summary>
    public static (int Start, int End) Samples(Subtree subtree, int samples) =>
        (subtree.First * SamplesPerLeaf, Math.Min(subtree.End * SamplesPerLeaf, samples));
}

/// <summary>The coordinator's side of one evaluation: subtrees arrive in any order and are added along the tree.</summary>
internal sealed class EvaluationSums
{
    private readonly Dictionary<Subtree, IReadOnlyList<double>> _sums = [];
    private int _leaves;

    public void Reset(int leaves)
    {
        _leaves = leaves;
        _sums.Clear();
    }

    public void Add(IReadOnlyList<SubtreeSums> sums)
    {
        foreach (SubtreeSums part in sums) _sums[part.Subtree] = part.Sums;
    }

    public IReadOnlyList<double> Total() => ReductionTree.Sum(
        new Subtree(0, _leaves), node => _sums.TryGetValue(node, out IReadOnlyList<double>? known) ? [.. known] : null);
}
