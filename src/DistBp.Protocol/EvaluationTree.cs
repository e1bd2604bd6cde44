using DistBp.Learning;

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
