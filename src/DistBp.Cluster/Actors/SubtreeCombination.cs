using DistBp.Learning;
using DistBp.Learning.Kernels;
using DistBp.Protocol.Messages;

namespace DistBp.Cluster.Actors;

/// <summary>
/// The upper part of the reduction tree, above the subtrees that workers have sent: one segment at a time, so that what lies between stays
/// in the nearest cache, and so what is decoded is never written out. The last addition is left to the caller, who fuses it with the division and the norm.
/// </summary>
internal sealed class SubtreeCombination
{
    private readonly float[][] _levels = new float[32][];
    private IReadOnlyList<PushGradient> _contributions = [];
    private Subtree _root;
    private int _next;

    public void Begin(IReadOnlyList<PushGradient> contributions, int slices)
    {
        _contributions = contributions;
        _root = new Subtree(0, slices);
    }

    /// <summary>The two operands of the root's addition over [offset, offset + count) of what is dense in the shard; the right one is empty where one
    /// contribution is all there is.</summary>
    public void Operands(int offset, int count, out ReadOnlySpan<float> left, out ReadOnlySpan<float> right)
    {
        right = default;
        if (_contributions.Count == 1)
        {
            left = _contributions[0].Gradient.Read(offset, count, Level(0));
            return;
        }
        _next = 0;
        left = Reduce(_root.Left, offset, count, 0);
        right = Reduce(_root.Right, offset, count, 1);
        if (!left.IsEmpty) return;
        left = right;
        right = default;
    }

    /// <returns>Empty where no contribution lies in the node.</returns>
    /// <param name="level">Which scratch row the result may take; rows from <paramref name="level"/> + 2 on are free.</param>
    private ReadOnlySpan<float> Reduce(Subtree node, int offset, int count, int level)
    {
        if (_next == _contributions.Count || _contributions[_next].Subtree.First >= node.End) return default;
        if (_contributions[_next].Subtree == node) return _contributions[_next++].Gradient.Read(offset, count, Level(level));
        ReadOnlySpan<float> left = Reduce(node.Left, offset, count, level + 2);
        if (left.IsEmpty) return Reduce(node.Right, offset, count, level);
        ReadOnlySpan<float> right = Reduce(node.Right, offset, count, level + 3);
        Span<float> sum = Level(level)[..count];
        // Into the row that the result may take: the others are free for who comes next.
        if (right.IsEmpty) left.CopyTo(sum);
        else GradientReduction.Add(left, right, sum);
        return sum;
    }

    private Span<float> Level(int level) => _levels[level] ??= new float[ParameterLayout.BlockLength];
}
