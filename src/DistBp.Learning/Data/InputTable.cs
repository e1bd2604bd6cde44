namespace DistBp.Learning.Data;

/// <summary>Samples without targets, preprocessed as the training data was: what a prediction starts from.</summary>
public sealed class InputTable
{
    internal InputTable(MemoryDataset samples, string path)
        => (Count, SampleShape, Samples, Lengths, Path, Rows) = (samples.Count, samples.SampleShape, samples.Samples, samples.Lengths, path, samples.Rows);

    public int Count { get; }

    public TensorShape SampleShape { get; }

    /// <summary>[Count, SampleShape], row-major.</summary>
    public TensorBuffer Samples { get; }

    /// <summary>As <see cref="Dataset.Lengths"/>.</summary>
    public int[]? Lengths { get; }

    public string Path { get; }

    /// <summary>The samples' own names, where they have any (files of sounds).</summary>
    public IReadOnlyList<string>? Names { get; init; }

    internal RowSource? Rows { get; }
}
