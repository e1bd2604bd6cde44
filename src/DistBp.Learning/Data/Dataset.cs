namespace DistBp.Learning.Data;

/// <summary>Samples in memory, preprocessed, ready to be gathered into mini-batches.</summary>
public sealed class Dataset
{
    public Dataset(int count, TensorShape sampleShape, TensorShape targetShape, TensorBuffer samples, TensorBuffer targets)
    {
        if (samples.Length != (long)count * sampleShape.ElementCount || targets.Length != (long)count * targetShape.ElementCount)
            throw new ArgumentException($"{count} samples of {sampleShape} with targets of {targetShape} do not fill the buffers.");
        (Count, SampleShape, TargetShape, Samples, Targets) = (count, sampleShape, targetShape, samples, targets);
    }

    public int Count { get; }

    public TensorShape SampleShape { get; }

    /// <summary>[] for a class index or a single value.</summary>
    public TensorShape TargetShape { get; }

    /// <summary>[Count, SampleShape], row-major.</summary>
    public TensorBuffer Samples { get; }

    /// <summary>[Count, TargetShape], row-major; a class index is stored as a float.</summary>
    public TensorBuffer Targets { get; }
}
