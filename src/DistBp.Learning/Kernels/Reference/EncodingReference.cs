using DistBp.Learning.Encodings;

namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="Encodings.BlockCode"/> computes, element by element.</summary>
internal static class EncodingReference
{
    /// <summary>What arrives of gradient + factor · kept, a block; left = what does not.</summary>
    public static float[] Transmit(GradientEncoding encoding, ReadOnlySpan<float> gradient, ReadOnlySpan<float> kept, float factor, Span<float> left)
    {
        float[] x = gradient.ToArray();
        for (int i = 0; i < x.Length && encoding.KeepsResidual; i++) x[i] = MathF.FusedMultiplyAdd(kept[i], factor, x[i]);
        float[] arrived = encoding.Kind switch
        {
            EncodingKind.Bf16 => Array.ConvertAll(x, Bf16),
            EncodingKind.F16 => Array.ConvertAll(x, value => (float)(Half)value),
            EncodingKind.Int8 => [.. x.Chunk(GradientEncoding.GroupLength).SelectMany(ScaledBytes)],
            EncodingKind.TopK => Largest(x, encoding.Selected(x.Length)),
            _ => x,
        };
        for (int i = 0; i < x.Length && encoding.KeepsResidual; i++) left[i] = x[i] - arrived[i];
        return arrived;
    }

    /// <summary>Of the two neighbours with 8 bits of mantissa the nearer one, of two that are as near the even one.</summary>
    public static float Bf16(float x)
    {
        if (!float.IsFinite(x)) return x;
        uint bits = BitConverter.SingleToUInt32Bits(x), below = bits & 0xFFFF0000, rest = bits & 0xFFFF;
        bool up = rest > 0x8000 || (rest == 0x8000 && (below & 0x10000) != 0);
        return BitConverter.UInt32BitsToSingle(up ? below + 0x10000 : below);
    }

    private static float[] ScaledBytes(float[] group)
    {
        float maximum = group.Max(MathF.Abs);
        if (!Array.TrueForAll(group, float.IsFinite)) return Array.ConvertAll(group, _ => float.NaN);
        if (maximum < 1e-30f) return new float[group.Length];
        float scale = maximum / 127, inverse = 127 / maximum;
        // In double the product is exact, so it is rounded once; a byte knows no −0.
        return Array.ConvertAll(group, x => (float)(Math.Round((double)x * inverse, MidpointRounding.ToEven) + 0.0) * scale);
    }

    private static float[] Largest(float[] x, int selected)
    {
        var arrived = new float[x.Length];
        IEnumerable<int> chosen = Enumerable.Range(0, x.Length).OrderByDescending(i => BitConverter.SingleToInt32Bits(x[i]) & int.MaxValue).ThenBy(i => i);
        foreach (int i in chosen.Take(selected)) arrived[i] = x[i];
        return arrived;
    }
}
