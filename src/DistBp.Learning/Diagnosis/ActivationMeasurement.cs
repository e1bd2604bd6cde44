using DistBp.Learning.Kernels;

namespace DistBp.Learning.Diagnosis;

/// <summary>Takes the figures of an <see cref="ActivationSet"/> after a forward pass: slice by slice, then along the tree.</summary>
/// <param name="network">Whose layers are measured.</param>
/// <param name="maxSlices">Of one pass.</param>
internal sealed class ActivationMeasurement(Network network, int maxSlices)
{
    private readonly double[] _figures = new double[maxSlices * network.Activations.Count];

    /// <param name="sums">[network.Activations.Count], overwritten.</param>
    public void Measure(NetworkWorkspace workspace, SliceRows rows, Span<double> sums)
    {
        ActivationSet set = network.Activations;
        sums.Clear();
        if (rows.SliceCount == 0) return;
        for (int i = 0; i < set.Layers.Count; i++)
        {
            int layer = set.Layers[i], width = network.Layers[layer].OutputShape.ElementCount;
            ReadOnlySpan<float> outputs = workspace.Output(layer, rows.RowCount);
            for (int slice = 0; slice < rows.SliceCount; slice++)
            {
                int start = rows.RowStarts[slice], end = rows.RowStarts[slice + 1];
                Put(Magnitudes.Of(outputs[(start * width)..(end * width)]), (double)(end - start) * width, i, Figures(slice));
            }
        }
        AddAlongTree(new Subtree(0, rows.SliceCount));
        Figures(0).CopyTo(sums);
    }

    private void Put(Magnitudes magnitudes, double count, int index, Span<double> figures)
    {
        Span<double> added = figures.Slice(ActivationSet.AddedPerLayer * index, ActivationSet.AddedPerLayer);
        (added[0], added[1], added[2]) = (magnitudes.SquaredSum, magnitudes.Zeros, count);
        figures[network.Activations.AddedCount + index] = magnitudes.Maximum;
    }

    private Span<double> Figures(int slice) => _figures.AsSpan(slice * network.Activations.Count, network.Activations.Count);

    // Each node's figures end up at its first slice.
    private void AddAlongTree(Subtree node)
    {
        if (node.Count < 2) return;
        AddAlongTree(node.Left);
        AddAlongTree(node.Right);
        network.Activations.Combine(Figures(node.First), Figures(node.Right.First));
    }
}
