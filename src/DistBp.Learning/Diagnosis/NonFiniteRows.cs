using DistBp.Learning.Kernels;

namespace DistBp.Learning.Diagnosis;

/// <summary>Where a slice stops being numbers.</summary>
/// <param name="Layer">The first layer whose output is not finite; -1: all outputs are, and the loss or backward is not.</param>
/// <param name="Rows">Rows of the slice whose own loss or gradient is not finite; empty where only their sum is not.</param>
public sealed record NonFiniteRows(int Layer, IReadOnlyList<int> Rows)
{
    /// <summary>Computes the gradient of the one slice in the workspace, and of each row alone where that is not finite.</summary>
    /// <param name="gradient">Of a slice, scratch.</param>
    /// <returns>Null where the slice's loss and gradient are finite.</returns>
    public static NonFiniteRows? Find(
        Network network, NetworkWorkspace workspace, ReadOnlySpan<float> parameters, SliceRows slice, StepIdentity step, Gradient gradient)
    {
        var sums = new double[network.Metrics.Count];
        network.ComputeGradient(workspace, parameters, slice, step, gradient.Dense, sums, gradient.Sparse);
        if (double.IsFinite(sums[0]) && gradient.IsFinite) return null;
        int rows = slice.RowCount, layer = 0;
        while (layer < network.Layers.Count && Reductions.AllFinite(workspace.Output(layer, rows))) layer++;
        var bad = new List<int>();
        NetworkWorkspace one = network.CreateWorkspace(1, 1);
        var alone = new SliceRows(1);
        for (int row = 0; row < rows; row++)
        {
            CopyRow(workspace, row, one, network.InputShape.ElementCount);
            alone.Reset(slice.FirstSlice);
            alone.Add(1);
            network.ComputeGradient(one, parameters, alone, step, gradient.Dense, sums, gradient.Sparse);
            if (!double.IsFinite(sums[0]) || !gradient.IsFinite) bad.Add(row);
        }
        return new NonFiniteRows(layer < network.Layers.Count ? layer : -1, bad);
    }

    private static void CopyRow(NetworkWorkspace from, int row, NetworkWorkspace to, int inputs)
    {
        int targets = from.TargetElements;
        from.Inputs.Slice(row * inputs, inputs).CopyTo(to.Inputs);
        from.Targets.Slice(row * targets, targets).CopyTo(to.Targets);
        to.HasLengths = from.HasLengths;
        if (from.HasLengths) to.Lengths[0] = from.Lengths[row];
    }
}
