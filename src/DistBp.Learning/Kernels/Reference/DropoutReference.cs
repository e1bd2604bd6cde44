using DistBp.Learning.Initialization;

namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="DropoutMask"/> computes, element by element.</summary>
internal static class DropoutReference
{
    public static bool IsKept(int element, ushort threshold, ulong key, ulong counterLow, ulong counterHigh)
    {
        int word = element / 2;
        (uint a, uint b, uint c, uint d) = Philox.Generate(key, counterLow + (ulong)(word / 4), counterHigh);
        uint bits = (word % 4) switch { 0 => a, 1 => b, 2 => c, _ => d };
        return (ushort)(bits >> (16 * (element % 2))) >= threshold;
    }

    public static void Apply(ReadOnlySpan<float> x, Func<int, bool> isKept, float scale, Span<float> y)
    {
        for (int i = 0; i < x.Length; i++) y[i] = isKept(i) ? x[i] * scale : 0;
    }
}
