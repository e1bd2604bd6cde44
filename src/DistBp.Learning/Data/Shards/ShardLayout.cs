using DistBp.Learning.Data.Tensors;

namespace DistBp.Learning.Data.Shards;

/// <summary>What a folder of shards is going to hold.</summary>
/// <param name="SampleType">u8 or f32.</param>
/// <param name="TargetKind">input: no targets are written.</param>
/// <param name="TargetType">u8 or f32.</param>
internal sealed record ShardLayout(
    int Samples, TensorShape SampleShape, ElementType SampleType, TargetKind TargetKind, TensorShape TargetShape, ElementType TargetType, bool HasLengths)
{
    private const int DefaultShardBytes = 1 << 25, MostDefaultSamples = 1 << 16;

    /// <summary>As many samples as fill 32 MiB, at most 65,536.</summary>
    public int DefaultShardSamples =>
        Math.Clamp(DefaultShardBytes / Math.Max(1, SampleShape.ElementCount) / Elements.Size(SampleType), 1, MostDefaultSamples);
}
