using DistBp.Learning;

namespace DistBp.Protocol.Tests.Simulation;

/// <summary>The reduction tree over flat buffers in which null is what a slice does not touch: what is on one side only is taken as it is.</summary>
internal static class ToyTree
{
    /// <param name="known">Null: the sum of the node's children.</param>
    public static float?[] Sum(Subtree node, Func<Subtree, float?[]?> known)
    {
        if (known(node) is { } whole) return whole;
        float?[] left = Sum(node.Left, known), right = Sum(node.Right, known);
        for (int i = 0; i < left.Length; i++) left[i] = left[i] is null ? right[i] : right[i] is null ? left[i] : left[i] + right[i];
        return left;
    }

    /// <summary>What a push to a server says.</summary>
    public static float?[] Values(GradientPart part, ParameterShard shard)
    {
        var values = new float?[ToyCluster.Layout.Count];
        int dense = Math.Min(shard.Offset, ToyCluster.Layout.DenseTrainedCount);
        foreach (float value in part.Dense.Span) values[dense++] = value;
        ParameterView table = ToyCluster.Layout.SparseViews[0];
        int next = 0;
        foreach (int row in part.Sparse[0].Rows.Span)
        {
            int start = table.Offset + row * table.Width;
            for (int i = Math.Max(shard.Offset, start); i < Math.Min(shard.End, start + table.Width); i++)
                values[i] = part.Sparse[0].Values.Span[next++];
        }
        Assert.Equal(part.Sparse[0].Values.Length, next);
        return values;
    }
}
