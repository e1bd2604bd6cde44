using System.Numerics;

namespace DistBp.Learning.Kernels;

/// <summary>
/// The sum along the <see cref="ReductionTree"/> of the vectors of some of its leaves, which come in the order of the leaves. A node with
/// vectors on one side only takes them as they are (nothing is added, not even 0); vectors of one leaf are added in their order.
/// </summary>
public ref struct SparseTreeSum
{
    private readonly int _width;
    private readonly Span<float> _scratch;
    private readonly Span<int> _levels;
    private int _depth;
    private int _leaf;

    /// <param name="scratch">[ScratchRows(leaves), width]</param>
    /// <param name="levels">[ScratchRows(leaves)]</param>
    public SparseTreeSum(int width, Span<float> scratch, Span<int> levels)
    {
        _width = width;
        _scratch = scratch;
        _levels = levels;
        _depth = -1;
    }

    /// <summary>Partial sums that may wait at once: one a level of the tree, and the one under way.</summary>
    public static int ScratchRows(int leaves) => BitOperations.Log2((uint)Math.Max(1, leaves - 1)) + 2;

    public void Begin() => _depth = -1;

    /// <param name="leaf">Not below the one before.</param>
    public void Add(int leaf, ReadOnlySpan<float> values)
    {
        if (_depth >= 0 && leaf == _leaf)
        {
            GradientReduction.Add(Waiting(_depth)[..values.Length], values, Waiting(_depth));
            return;
        }
        // Two leaves meet at the node that the highest bit in which they differ tells: the tree's nodes are the aligned runs of 2^level leaves.
        int level = _depth < 0 ? 0 : BitOperations.Log2((uint)(leaf ^ _leaf));
        while (_depth > 0 && _levels[_depth] < level) Merge(values.Length);
        _depth++;
        _levels[_depth] = level;
        _leaf = leaf;
        values.CopyTo(Waiting(_depth));
    }

    /// <summary>Of all vectors since <see cref="Begin"/>, at least one: valid until the next one.</summary>
    public ReadOnlySpan<float> Total(int length)
    {
        while (_depth > 0) Merge(length);
        return Waiting(0)[..length];
    }

    private void Merge(int length)
    {
        Span<float> left = Waiting(_depth - 1)[..length];
        GradientReduction.Add(left, Waiting(_depth)[..length], left);
        _depth--;
    }

    private readonly Span<float> Waiting(int depth) => _scratch.Slice(depth * _width, _width);
}
