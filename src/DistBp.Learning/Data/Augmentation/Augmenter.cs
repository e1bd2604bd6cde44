using System.Diagnostics;
using DistBp.Learning.Initialization;
using DistBp.Learning.Kernels;

namespace DistBp.Learning.Data.Augmentation;

/// <summary>
/// Changes training samples at random, step by step. What is drawn follows from (seed, epoch, sample, step), so a sample is changed alike
/// whichever worker gets it. Nothing is allocated after it is made; not for two threads at once.
/// </summary>
public sealed class Augmenter
{
    private readonly IReadOnlyList<AugmentStep> _steps;
    private readonly Picture _picture;
    private readonly float[] _scratch;
    private readonly ulong _key;

    /// <param name="sampleShape">That <see cref="AugmentationChecks"/> has found right.</param>
    public Augmenter(IReadOnlyList<AugmentStep> steps, TensorShape sampleShape, int seed)
    {
        (_steps, SampleLength) = (steps, sampleShape.ElementCount);
        bool spatial = steps.Any(s => s.IsSpatial);
        _picture = spatial ? Picture.Of(sampleShape)!.Value : default;
        _scratch = new float[spatial ? SampleLength : 0];
        _key = Philox.Key(seed, RandomPurpose.Augmentation);
    }

    /// <summary>In floats.</summary>
    public int SampleLength { get; }

    /// <param name="samples">[indices.Length, sample], changed in place.</param>
    /// <param name="indices">Each sample's number in the training part.</param>
    /// <param name="epoch">Counted from 0.</param>
    public void Apply(Span<float> samples, ReadOnlySpan<int> indices, int epoch)
    {
        for (int i = 0; i < indices.Length; i++)
        {
            Span<float> sample = samples.Slice(i * SampleLength, SampleLength);
            ulong high = (uint)indices[i] | ((ulong)epoch << 32);
            for (int step = 0; step < _steps.Count; step++) Apply(_steps[step], sample, (ulong)step << 32, high);
        }
    }

    private void Apply(AugmentStep step, Span<float> sample, ulong counterLow, ulong counterHigh)
    {
        if (step is NoiseStep noise)
        {
            NormalNoise.Add(sample, (float)noise.Deviation, _key, counterLow, counterHigh);
            return;
        }
        (uint a, uint b, _, _) = Philox.Generate(_key, counterLow, counterHigh);
        switch (step)
        {
            case ShiftStep shift:
                _picture.Shift(sample, Offset(a, shift.Pixels), Offset(b, shift.Pixels), PictureFill.Zeros, _scratch);
                break;
            case CropStep crop:
                _picture.Shift(sample, Offset(a, crop.Padding), Offset(b, crop.Padding), crop.Fill, _scratch);
                break;
            case FlipStep flip:
                if (flip.Direction != FlipDirection.Vertical && (a & 1) != 0) _picture.FlipHorizontally(sample);
                if (flip.Direction != FlipDirection.Horizontal && (b & 1) != 0) _picture.FlipVertically(sample, _scratch);
                break;
            default:
                throw new UnreachableException($"Augmentation {step.Kind}.");
        }
    }

    /// <summary>−most to most, from 32 random bits.</summary>
    private static int Offset(uint bits, int most) => (int)((bits * (2UL * (uint)most + 1)) >> 32) - most;
}
