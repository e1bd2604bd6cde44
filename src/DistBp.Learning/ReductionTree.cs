using System.Numerics;

namespace DistBp.Learning;

/// <summary>
/// The ONE binary tree along which everything per slice is added: gradients, loss sums, metric sums, running statistics. A node covers the
/// slices [first, first + count); its left child covers the largest power of two below count. The shape depends on the counts alone, so a
/// sum has the same bits whoever computed which part. (A subtree's own shape is the tree over its count.)
/// </summary>
public static class ReductionTree
{
    /// <summary>How many of <paramref name="count"/> leaves (at least 2) the left child covers.</summary>
    public static int LeftCount(int count) => 1 << BitOperations.Log2((uint)count - 1);

    /// <summary>
    /// The fewest whole subtrees of the tree over <paramref name="total"/> leaves that cover exactly [first, first + count), in order.
    /// </summary>
    public static List<Subtree> Cover(int total, int first, int count)
    {
        var cover = new List<Subtree>();
        Collect(new Subtree(0, total), first, first + count, cover);
        return cover;
    }

    /// <summary>True where <paramref name="node"/> is a node of the tree over <paramref name="total"/> leaves.</summary>
    public static bool IsNode(int total, Subtree node)
    {
        var at = new Subtree(0, total);
        while (at != node)
        {
            if (at.Count <= 1 || node.First < at.First || node.End > at.End) return false;
            at = node.First < at.First + LeftCount(at.Count) ? at.Left : at.Right;
        }
        return true;
    }

    /// <summary>The sums of a node: those that are known, else the left child's plus the right child's.</summary>
    /// <param name="known">The sums of a whole node in an array of its own, or null; never null for a leaf.</param>
    public static double[] Sum(Subtree node, Func<Subtree, double[]?> known)
    {
        if (known(node) is { } whole) return whole;
        double[] left = Sum(node.Left, known), right = Sum(node.Right, known);
        for (int i = 0; i < left.Length; i++) left[i] += right[i];
        return left;
    }

    private static void Collect(Subtree node, int first, int end, List<Subtree> cover)
    {
        if (node.End <= first || end <= node.First || node.Count == 0) return;
        if (first <= node.First && node.End <= end)
        {
            cover.Add(node);
            return;
        }
        Collect(node.Left, first, end, cover);
        Collect(node.Right, first, end, cover);
    }
}

/// <summary>A node of the <see cref="ReductionTree"/>: the slices [First, First + Count).</summary>
public readonly record struct Subtree(int First, int Count)
{
    public int End => First + Count;

    public Subtree Left => new(First, ReductionTree.LeftCount(Count));

    public Subtree Right => new(First + ReductionTree.LeftCount(Count), Count - ReductionTree.LeftCount(Count));

    public override string ToString() => $"slices {First}..{End - 1}";
}
