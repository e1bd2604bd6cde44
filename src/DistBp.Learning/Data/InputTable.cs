namespace DistBp.Learning.Data;

/// <summary>Samples without targets, preprocessed as the training data was: what a prediction starts from.</summary>
public sealed class InputTable
{
    internal InputTable(int count, TensorShape sampleShape, TensorBuffer samples, string path)
        => (Count, SampleShape, Samples, Path) = (count, sampleShape, samples, path);

    public int Count { get; }

    public TensorShape SampleShape { get; }

    /// <summary>[Count, SampleShape], row-major.</summary>
    public TensorBuffer Samples { get; }

    public string Path { get; }

    internal RowSource? Rows { get; init; }
}
