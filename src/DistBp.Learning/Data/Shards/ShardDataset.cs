using DistBp.Learning.Data.Preprocessing;

namespace DistBp.Learning.Data.Shards;

/// <summary>Samples of mapped shards, preprocessed when they are gathered.</summary>
internal sealed class ShardDataset : Dataset
{
    private const int RowsAPass = 256;
    private readonly ShardSet _shards;
    private readonly IElementwiseStep[] _steps;
    private readonly bool _isInput;
    private readonly int _window;

    /// <param name="sampleShape">Of as many elements as the shards' samples have.</param>
    /// <param name="targetShape">Not used where the target is the input.</param>
    public ShardDataset(ShardSet shards, TensorShape sampleShape, TensorShape targetShape, bool isInput, IElementwiseStep[] steps, int window)
        : base(shards.Manifest.Samples, sampleShape, isInput ? sampleShape : targetShape, shards.Lengths)
    {
        (_shards, _steps, _isInput, _window) = (shards, steps, isInput, window);
        Rows = new RowSource(shards.Folder, null, IsLines: false);
    }

    public override void Gather(ReadOnlySpan<int> indices, Span<float> samples, Span<float> targets)
    {
        int width = SampleShape.ElementCount;
        samples = samples[..(indices.Length * width)];
        _shards.Gather(indices, samples, _isInput ? [] : targets);
        if (Lengths is null) Preprocess(samples);
        else for (int i = 0; i < indices.Length; i++) PreprocessSequence(samples.Slice(i * width, width), Lengths[indices[i]]);
        if (_isInput) samples.CopyTo(targets);
    }

    public override void Copy(int first, int count, Span<float> samples, Span<float> targets)
    {
        // Where the target is the input, its samples are made in either place.
        Span<float> made = _isInput && samples.IsEmpty ? targets : samples;
        int width = SampleShape.ElementCount;
        if (!made.IsEmpty) made = made[..(count * width)];
        _shards.Copy(first, count, made, _isInput ? [] : targets);
        if (Lengths is null) Preprocess(made);
        else for (int i = 0; i < count && !made.IsEmpty; i++) PreprocessSequence(made.Slice(i * width, width), Lengths[first + i]);
        if (_isInput && !samples.IsEmpty && !targets.IsEmpty) made.CopyTo(targets);
    }

    public override ISampleOrder Order(int seed) => _shards.Manifest.Order(_window, seed);

    /// <summary>The rows of features as the files have them: a sample, or a step that counts of a sequence.</summary>
    public static void ForEachRow(ShardSet shards, int rowWidth, RowAction action)
    {
        int width = shards.SampleShape.ElementCount, count = shards.Manifest.Samples;
        var samples = new float[Math.Min(RowsAPass, count) * width];
        for (int first = 0; first < count; first += RowsAPass)
        {
            int rows = Math.Min(RowsAPass, count - first);
            shards.Copy(first, rows, samples.AsSpan(0, rows * width), []);
            for (int i = 0; i < rows; i++)
            {
                int counted = shards.Lengths is { } lengths ? lengths[first + i] : width / rowWidth;
                for (int step = 0; step < counted; step++) action(samples.AsSpan(i * width + step * rowWidth, rowWidth));
            }
        }
    }

    private void Preprocess(Span<float> rows)
    {
        foreach (IElementwiseStep step in _steps) step.Apply(rows);
    }

    /// <summary>The steps that count; what follows them is 0.</summary>
    private void PreprocessSequence(Span<float> sample, int length)
    {
        int counted = length * (sample.Length / SampleShape[0]);
        Preprocess(sample[..counted]);
        sample[counted..].Clear();
    }
}
