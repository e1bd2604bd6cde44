using DistBp.Learning;
using DistBp.Protocol.Effects;
using DistBp.Protocol.Messages;

namespace DistBp.Protocol.Tests.Simulation;

/// <summary>Several steps of gradient descent over one worker's slices, in a copy of what it has read.</summary>
internal static class ToyLocalSteps
{
    /// <summary>What they have moved, weighted by the slices of each subtree; the metric sums of the steps follow each other.</summary>
    public static List<SubtreeGradient> Moved(ToyCluster toy, IReadOnlyList<Subtree> subtrees, float[] read, ComputeGradient round)
    {
        float[] local = [.. read];
        List<double>[] sums = [.. subtrees.Select(_ => new List<double>())];
        for (long step = round.Step; step < round.Until; step++) Apply(toy, subtrees, local, step, sums);
        return [.. subtrees.Select((s, i) => new SubtreeGradient(s, Difference(read, local, s.Count), sums[i].ToArray()))];
    }

    private static void Apply(ToyCluster toy, IReadOnlyList<Subtree> subtrees, float[] local, long step, List<double>[] sums)
    {
        float hash = ToyCluster.Hash(local);
        float[] before = [.. local];
        int slices = subtrees.Sum(s => s.Count);
        for (int i = 0; i < subtrees.Count; i++)
        {
            float?[] gradient = ToyTree.Sum(subtrees[i], node => node.Count == 1 ? toy.Slice(node.First, step, hash, before) : null);
            for (int p = 0; p < local.Length; p++) local[p] -= 0.01f * (gradient[p] ?? 0) / slices;
            sums[i].AddRange([toy.Loss(subtrees[i], step), subtrees[i].Count, 0]);
        }
    }

    private static Gradient Difference(float[] read, float[] local, int weight)
    {
        ParameterView table = ToyCluster.Layout.SparseViews[0];
        var gradient = new Gradient(ToyCluster.Layout, table.Shape[0]);
        for (int p = 0; p < gradient.Dense.Length; p++) gradient.Dense[p] = (read[p] - local[p]) * weight;
        for (int row = 0; row < table.Shape[0]; row++)
        {
            Span<float> values = gradient.Sparse[0].Append(row);
            for (int column = 0; column < values.Length; column++)
            {
                int p = table.Offset + row * table.Width + column;
                values[column] = (read[p] - local[p]) * weight;
            }
        }
        return gradient;
    }
}
