namespace DistBp.Learning.Data;

/// <summary>Samples in memory, preprocessed, ready to be gathered into mini-batches.</summary>
public sealed class Dataset
{
    public Dataset(int count, TensorShape sampleShape, TensorShape targetShape, TensorBuffer samples, TensorBuffer targets, int[]? lengths = null)
    {
        if (samples.Length != (long)count * sampleShape.ElementCount || targets.Length != (long)count * targetShape.ElementCount)
            throw new ArgumentException($"{count} samples of {sampleShape} with targets of {targetShape} do not fill the buffers.");
        if (lengths is not null && (lengths.Length != count || sampleShape.Rank < 1 || lengths.Any(l => l < 1 || l > sampleShape[0])))
            throw new ArgumentException($"{count} samples of {sampleShape} want as many lengths, each from 1 to the first dimension.");
        (Count, SampleShape, TargetShape, Samples, Targets, Lengths) = (count, sampleShape, targetShape, samples, targets, lengths);
    }

    public int Count { get; }

    public TensorShape SampleShape { get; }

    /// <summary>[] for a class index or a single value.</summary>
    public TensorShape TargetShape { get; }

    /// <summary>[Count, SampleShape], row-major.</summary>
    public TensorBuffer Samples { get; }

    /// <summary>[Count, TargetShape], row-major; a class index is stored as a float.</summary>
    public TensorBuffer Targets { get; }

    /// <summary>Where the samples came from; null: not from files.</summary>
    internal RowSource? Rows { get; init; }

    /// <summary>
    /// Null where all samples are whole. Otherwise how many steps of each sample (its first dimension) count; what follows is padding.
    /// </summary>
    public int[]? Lengths { get; }
}
