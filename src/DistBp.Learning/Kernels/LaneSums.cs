using System.Runtime.CompilerServices;

namespace DistBp.Learning.Kernels;

/// <summary>Sixteen running sums in float, combined in one fixed tree: any vector width gives the same bits.</summary>
internal static unsafe class LaneSums
{
    private const int Lanes = 16;

    /// <summary>padded [16]: the up to 15 elements of values, then <paramref name="missing"/>.</summary>
    public static void Pad(float* values, int count, float missing, float* padded)
    {
        for (int i = 0; i < Lanes; i++) padded[i] = i < count ? values[i] : missing;
    }

    /// <summary>Lanes l and l + 8, then l and l + 4, l + 2, l + 1; overwrites them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(float* lanes)
    {
        for (int half = Lanes / 2; half > 0; half /= 2)
        {
            for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
        }
        return lanes[0];
    }
}
