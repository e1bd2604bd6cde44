namespace DistBp.Learning.Data;

/// <summary>Samples in memory.</summary>
public sealed class MemoryDataset : Dataset
{
    public MemoryDataset(int count, TensorShape sampleShape, TensorShape targetShape, TensorBuffer samples, TensorBuffer targets, int[]? lengths = null)
        : base(count, sampleShape, targetShape, lengths)
    {
        if (samples.Length != (long)count * sampleShape.ElementCount || targets.Length != (long)count * targetShape.ElementCount)
            throw new ArgumentException($"{count} samples of {sampleShape} with targets of {targetShape} do not fill the buffers.");
        (Samples, Targets) = (samples, targets);
    }

    /// <summary>[Count, SampleShape], row-major.</summary>
    public TensorBuffer Samples { get; }

    /// <summary>[Count, TargetShape], row-major; a class index is stored as a float.</summary>
    public TensorBuffer Targets { get; }

    public override void Gather(ReadOnlySpan<int> indices, Span<float> samples, Span<float> targets)
    {
        Kernels.Gather.Rows(Samples.Span, indices, samples, SampleShape.ElementCount);
        Kernels.Gather.Rows(Targets.Span, indices, targets, TargetShape.ElementCount);
    }

    public override void Copy(int first, int count, Span<float> samples, Span<float> targets)
    {
        int width = SampleShape.ElementCount, targetWidth = TargetShape.ElementCount;
        if (!samples.IsEmpty) Samples.Span.Slice(first * width, count * width).CopyTo(samples);
        if (!targets.IsEmpty) Targets.Span.Slice(first * targetWidth, count * targetWidth).CopyTo(targets);
    }
}
