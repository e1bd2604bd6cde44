using System.Runtime.CompilerServices;
using DistBp.Learning.Kernels.Simd;

namespace DistBp.Learning.Benchmarks;

/// <summary>The ceiling of a matrix product: fused multiply-adds in registers alone, twelve independent chains (eight hide the latency; sixteen would not fit the registers of AVX2).</summary>
internal struct FmaPeak : IVectorized
{
    private const int Chains = 12;
    private float _result;

    public long Rounds;

    /// <summary>2 for each fused multiply-add of each lane.</summary>
    public double Operations;

    /// <summary>GFLOP/s, one core.</summary>
    public static double Measure()
    {
        var peak = new FmaPeak { Rounds = 200_000 };
        double seconds = Stopclock.Best(() => Widest.Run(ref peak), 0.005, 4);
        return peak.Operations / seconds / 1e9;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVector, TSimd>()
        where TVector : struct
        where TSimd : ISimd<TVector>
    {
        TVector x = TSimd.Broadcast(1.0000001f), y = TSimd.Broadcast(1e-7f);
        TVector a = y, b = y, c = y, d = y, e = y, f = y, g = y, h = y, i = y, j = y, k = y, l = y;
        for (long round = Rounds; round > 0; round--)
        {
            a = TSimd.MultiplyAdd(a, x, y); b = TSimd.MultiplyAdd(b, x, y); c = TSimd.MultiplyAdd(c, x, y); d = TSimd.MultiplyAdd(d, x, y);
            e = TSimd.MultiplyAdd(e, x, y); f = TSimd.MultiplyAdd(f, x, y); g = TSimd.MultiplyAdd(g, x, y); h = TSimd.MultiplyAdd(h, x, y);
            i = TSimd.MultiplyAdd(i, x, y); j = TSimd.MultiplyAdd(j, x, y); k = TSimd.MultiplyAdd(k, x, y); l = TSimd.MultiplyAdd(l, x, y);
        }
        TVector all = Sum<TVector, TSimd>(Sum<TVector, TSimd>(a, b, c, d), Sum<TVector, TSimd>(e, f, g, h), Sum<TVector, TSimd>(i, j, k, l), y);
        _result = Unsafe.As<TVector, float>(ref all);
        Operations = 2.0 * Chains * TSimd.Width * Rounds;
    }

    /// <summary>So that the work has a use.</summary>
    public readonly float Result => _result;

    private static TVector Sum<TVector, TSimd>(TVector a, TVector b, TVector c, TVector d)
        where TVector : struct
        where TSimd : ISimd<TVector>
        => TSimd.Add(TSimd.Add(a, b), TSimd.Add(c, d));
}
