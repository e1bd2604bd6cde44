namespace DistBp.Learning.Kernels.Reference;

/// <summary>Plain loops for <see cref="Magnitudes"/>: the oracle.</summary>
internal static class MagnitudesReference
{
    public static Magnitudes Of(ReadOnlySpan<float> x)
    {
        float largest = 0;
        long zeros = 0;
        foreach (float value in x)
        {
            largest = MathF.Max(largest, MathF.Abs(value));
            if (value == 0) zeros++;
        }
        return new Magnitudes(ReductionReference.SquaredNorm(x), largest, zeros);
    }

    public static double SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var differences = new float[x.Length];
        for (int i = 0; i < x.Length; i++) differences[i] = x[i] - y[i];
        return ReductionReference.SquaredNorm(differences);
    }
}
