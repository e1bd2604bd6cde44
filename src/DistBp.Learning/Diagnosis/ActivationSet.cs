namespace DistBp.Learning.Diagnosis;

/// <summary>
/// The figures of a network's activations on a sampled step, which travel behind the metric sums: for each layer that is no mere reshape
/// Σ a², the count of zeros and the count of all, which are added along the <see cref="ReductionTree"/>; then for each its max |a|, of
/// which the larger is taken.
/// </summary>
public sealed class ActivationSet
{
    internal const int AddedPerLayer = 3;

    internal ActivationSet(Network network)
        => Layers = [.. Enumerable.Range(0, network.Layers.Count).Where(i => !network.Layers[i].IsReshape)];

    /// <summary>Which of the network's layers are measured, in order.</summary>
    public IReadOnlyList<int> Layers { get; }

    /// <summary>How many of the numbers are added; those after them are maxima.</summary>
    public int AddedCount => AddedPerLayer * Layers.Count;

    public int Count => AddedCount + Layers.Count;

    /// <summary>sums becomes the figures of both.</summary>
    internal void Combine(Span<double> sums, ReadOnlySpan<double> other)
    {
        for (int i = 0; i < AddedCount; i++) sums[i] += other[i];
        // NaN is larger than everything here, so that it is seen.
        for (int i = AddedCount; i < Count; i++) sums[i] = Math.Max(sums[i], other[i]);
    }

    /// <summary>What the numbers say of layer <paramref name="index"/> of <see cref="Layers"/>.</summary>
    /// <param name="sums">[Count].</param>
    public ActivationFigures Of(int index, ReadOnlySpan<double> sums)
    {
        ReadOnlySpan<double> added = sums.Slice(AddedPerLayer * index, AddedPerLayer);
        double count = Math.Max(1, added[2]);
        return new ActivationFigures(Math.Sqrt(added[0]), Math.Sqrt(added[0] / count), sums[AddedCount + index], added[1] / count);
    }
}

/// <summary>A layer's outputs over the mini-batch of one step.</summary>
/// <param name="Norm">√(Σ a²).</param>
/// <param name="RootMeanSquare">√(Σ a² / count): the norm, made comparable between layers and batches.</param>
/// <param name="Maximum">max |a|.</param>
/// <param name="ZeroShare">In [0, 1].</param>
public readonly record struct ActivationFigures(double Norm, double RootMeanSquare, double Maximum, double ZeroShare);
