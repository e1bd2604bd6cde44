namespace DistBp.Learning.Data;

/// <summary>The samples of a part, preprocessed when they are gathered into mini-batches: from memory, or from files that are mapped.</summary>
public abstract class Dataset
{
    protected Dataset(int count, TensorShape sampleShape, TensorShape targetShape, int[]? lengths)
    {
        if (lengths is not null && (lengths.Length != count || sampleShape.Rank < 1 || lengths.Any(l => l < 1 || l > sampleShape[0])))
            throw new ArgumentException($"{count} samples of {sampleShape} want as many lengths, each from 1 to the first dimension.");
        (Count, SampleShape, TargetShape, Lengths) = (count, sampleShape, targetShape, lengths);
    }

    public int Count { get; }

    public TensorShape SampleShape { get; }

    /// <summary>[] for a class index or a single value.</summary>
    public TensorShape TargetShape { get; }

    /// <summary>
    /// Null where all samples are whole. Otherwise how many steps of each sample (its first dimension) count; what follows is padding.
    /// </summary>
    public int[]? Lengths { get; }

    /// <summary>Where the samples came from; null: not from files.</summary>
    internal RowSource? Rows { get; init; }

    /// <summary>Any samples, in any order. For several threads at once; allocates nothing once warm.</summary>
    /// <param name="samples">[indices.Length, SampleShape].</param>
    /// <param name="targets">[indices.Length, TargetShape]; a class index is stored as a float.</param>
    /// <exception cref="UserException">A file turned out to be damaged.</exception>
    public abstract void Gather(ReadOnlySpan<int> indices, Span<float> samples, Span<float> targets);

    /// <summary>The <paramref name="count"/> samples from <paramref name="first"/> on.</summary>
    /// <param name="samples">[count, SampleShape], or empty where the samples are not wanted.</param>
    /// <param name="targets">[count, TargetShape], or empty.</param>
    /// <exception cref="UserException">A file turned out to be damaged.</exception>
    public abstract void Copy(int first, int count, Span<float> samples, Span<float> targets);

    /// <summary>The order in which epochs visit the samples. One for each who asks: it keeps state.</summary>
    public virtual ISampleOrder Order(int seed) => new EpochOrder(Count, seed);
}
