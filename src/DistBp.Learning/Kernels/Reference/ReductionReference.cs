namespace DistBp.Learning.Kernels.Reference;

/// <summary>What <see cref="Reductions"/> computes, in its order.</summary>
internal static class ReductionReference
{
    public static double Sum(ReadOnlySpan<float> x)
    {
        Span<double> lanes = stackalloc double[16];
        lanes.Clear();
        for (int i = 0; i < x.Length; i++) lanes[i % 16] += x[i];
        return AddLanes(lanes);
    }

    public static double SquaredNorm(ReadOnlySpan<float> x)
    {
        Span<double> lanes = stackalloc double[16];
        lanes.Clear();
        for (int i = 0; i < x.Length; i++) lanes[i % 16] += (double)x[i] * x[i];
        return AddLanes(lanes);
    }

    public static float Maximum(ReadOnlySpan<float> x)
    {
        float maximum = float.NegativeInfinity;
        foreach (float value in x) maximum = Math.Max(maximum, value);
        return maximum;
    }

    public static bool AllFinite(ReadOnlySpan<float> x)
    {
        foreach (float value in x)
        {
            if (!float.IsFinite(value)) return false;
        }
        return true;
    }

    private static double AddLanes(Span<double> lanes)
    {
        for (int half = 8; half > 0; half /= 2)
        {
            for (int l = 0; l < half; l++) lanes[l] += lanes[l + half];
        }
        return lanes[0];
    }
}
